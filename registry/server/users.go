package server

import (
	"bufio"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Users are those who may use a registry. It is immutable and safe to share.
type Users struct {
	byName map[string]user
}

type user struct {
	password [sha256.Size]byte // hashed, so that comparing takes the same time for all
	readOnly bool
}

// User is one of [NewUsers].
type User struct {
	Name     string
	Password string
	ReadOnly bool // may read, look up and check, but change nothing
}

// NewUsers makes a set of users. The error names one that is there twice, has no
// name or password, or a name with a colon, which HTTP cannot send.
func NewUsers(list ...User) (*Users, error) {
	users := &Users{byName: make(map[string]user, len(list))}
	for _, u := range list {
		_, twice := users.byName[u.Name]
		switch {
		case u.Name == "":
			return nil, errors.New("server: a user has no name")
		case strings.Contains(u.Name, ":"):
			return nil, fmt.Errorf("server: user %q: the name has a colon", u.Name)
		case u.Password == "":
			return nil, fmt.Errorf("server: user %q has no password", u.Name)
		case twice:
			return nil, fmt.Errorf("server: user %q is there twice", u.Name)
		}
		users.byName[u.Name] = user{password: sha256.Sum256([]byte(u.Password)), readOnly: u.ReadOnly}
	}
	return users, nil
}

// ReadUsers reads users from a file, one a line: a name, a colon, and a password,
// which may hold colons. A line that begins with "ro " is a user who may only read.
// Empty lines and those that begin with # do not count.
//
// A file of something else is an error, such as one of JSON, one of hashed passwords,
// and one without users. Errors name the line, never a password.
//
//	# who may use the registry
//	admin:correct horse battery staple
//	ro dashboard:s3cret
func ReadUsers(r io.Reader) (*Users, error) {
	var list []User
	seen := map[string]int{}
	lines := bufio.NewScanner(r)
	number := 1
	for ; lines.Scan(); number++ {
		text := lines.Text()
		if number == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		text = strings.TrimSpace(text)
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		u, err := readUser(text)
		if first := seen[u.Name]; err == nil && first > 0 {
			err = fmt.Errorf("user %q is there twice, first in line %d", u.Name, first)
		}
		if err != nil {
			return nil, fmt.Errorf("server: users: line %d: %w", number, err)
		}
		seen[u.Name] = number
		list = append(list, u)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("server: users: line %d: %w", number, err)
	}
	if len(list) == 0 {
		return nil, errors.New("server: users: nobody is in the file: want a line name:password for each user")
	}
	return NewUsers(list...)
}

// readUser reads a line of a file of users.
func readUser(line string) (u User, err error) {
	if !utf8.ValidString(line) || strings.ContainsFunc(line, unicode.IsControl) {
		return u, errors.New("not a line of text in UTF-8")
	}
	line, u.ReadOnly = strings.CutPrefix(line, "ro ")
	name, password, ok := strings.Cut(strings.TrimSpace(line), ":")
	u.Name, u.Password = name, password
	switch {
	case !ok:
		return u, errors.New("no colon between name and password")
	case name == "":
		return u, errors.New("the user has no name")
	case strings.ContainsFunc(name, func(c rune) bool { return unicode.IsSpace(c) || strings.ContainsRune(`"'{}[]()<>,;`, c) }):
		// Not shown: what is no file of users may hold anything here.
		return u, errors.New("not a line name:password: a name has no spaces, quotes or brackets")
	case password == "":
		return u, fmt.Errorf("user %q has no password", name)
	case strings.HasPrefix(password, " "):
		return u, fmt.Errorf("the password of user %q begins with a space: write name:password", name)
	case hashed(password):
		return u, fmt.Errorf("the password of user %q is a hash: write the password itself", name)
	}
	return u, nil
}

// hashed reports whether a password looks as htpasswd or Jetty write it.
func hashed(password string) bool {
	for _, prefix := range []string{"$apr1$", "$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "{SHA}", "{SSHA}", "MD5:", "CRYPT:", "OBF:"} {
		if strings.HasPrefix(password, prefix) {
			return true
		}
	}
	return false
}

// check finds a user. It takes as long for a name that does not exist.
func (u *Users) check(name, password string) (found user, ok bool) {
	found, known := u.byName[name]
	given := sha256.Sum256([]byte(password))
	same := subtle.ConstantTimeCompare(given[:], found.password[:]) == 1
	return found, known && same
}

// authenticate lets requests of users through, and those of others if all may read
// and they only read.
func authenticate(users *Users, openReads bool, logs *limitedLog, next http.Handler) http.Handler {
	if users == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, given := r.BasicAuth()
		if !given && openReads && onlyReads(r) {
			next.ServeHTTP(w, r)
			return
		}
		u, ok := users.check(name, password)
		switch {
		case !ok:
			if given { // who says nothing asks what is needed
				logs.log(slog.LevelWarn, logUnauthorized, address(r))
			}
			w.Header().Set("WWW-Authenticate", `Basic realm="registry", charset="UTF-8"`)
			refuse(w, http.StatusUnauthorized, http.StatusUnauthorized, "Unauthorized")
		case u.readOnly && !onlyReads(r):
			logs.log(slog.LevelWarn, logForbidden, "user", name, "method", r.Method, address(r))
			refuse(w, http.StatusForbidden, 40301, "This user may only read")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// onlyReads reports whether a request changes nothing: looking a schema up, and
// checking one, are POST requests as well.
func onlyReads(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	case http.MethodPost:
	default:
		return false
	}
	segments := strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/")
	if len(segments) > 2 && segments[0] == "contexts" {
		segments = segments[2:]
	}
	return segments[0] == "compatibility" || len(segments) == 2 && segments[0] == "subjects"
}
