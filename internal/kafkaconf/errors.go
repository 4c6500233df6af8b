package kafkaconf

import (
	"errors"
	"strings"
)

// Join is errors.Join without repeated errors. It returns a single error as it is, and flattens joined
// ones.
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

// joined returns the errors that errors.Join has joined to err. It is nil for other errors, also those
// that wrap several with a text of their own.
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
