package schemas

import "strings"

// Names ("Names", Avro 1.12 specification). A full name is a name within a
// namespace: a name with a dot is a full name already, one without belongs to the
// namespace that is given beside it or, if none is, to that of the enclosing
// type. The null namespace is "".

// namespaceOf is what stands before the last dot.
func namespaceOf(full string) string {
	return full[:max(strings.LastIndexByte(full, '.'), 0)]
}

// qualify makes a full name of a name used within a namespace. A leading dot
// stands for the null namespace.
func qualify(name, namespace string) string {
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		return name
	} else if dot == 0 {
		return name[1:]
	}
	if namespace == "" {
		return name
	}
	return namespace + "." + name
}

// relative is the shortest way to write a full name within a namespace that
// reads back the same, as Java writes it: names of types, "int" or "record",
// stay full.
func relative(full, namespace string) string {
	space := namespaceOf(full)
	if space == "" || space != namespace {
		return full
	}
	name := full[len(space)+1:]
	for _, t := range typeNames {
		if t == name {
			return full
		}
	}
	return name
}

// validName reports whether name is a letter or underscore and then letters,
// digits and underscores, all ASCII.
func validName(name string) bool {
	for i := range len(name) {
		c := name[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || !isDigit(c)) {
			return false
		}
	}
	return name != ""
}

// validFullName reports whether every part between dots is a valid name.
func validFullName(full string) bool {
	for part := range strings.SplitSeq(full, ".") {
		if !validName(part) {
			return false
		}
	}
	return true
}
