package kafkaconf

import (
	"errors"
	"strings"
)

// Join returns the errors that are not nil as one, each once: nil if there are
// none, the error itself if there is one. Joined ones are taken apart, so that the
// result is one flat list.
func Join(errs ...error) error {
	var all []error
	seen := make(map[string]bool)
	var add func([]error)
	add = func(errs []error) {
		for _, err := range errs {
			if err == nil {
				continue
			}
			text := err.Error()
			if list := joined(err); list != nil {
				add(list)
				continue
			}
			if !seen[text] {
				seen[text] = true
				all = append(all, err)
			}
		}
	}
	add(errs)
	if len(all) == 1 {
		return all[0]
	}
	return errors.Join(all...)
}

// joined returns what errors.Join made err of; nil for other errors, also those
// that wrap several in a text of their own.
func joined(err error) []error {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var texts []string
	for _, e := range list.Unwrap() {
		texts = append(texts, e.Error())
	}
	if strings.Join(texts, "\n") != err.Error() {
		return nil
	}
	return list.Unwrap()
}
