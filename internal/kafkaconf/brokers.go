package kafkaconf

import (
	"net"
	"slices"
	"strconv"
	"strings"
)

const defaultPort = "9092"

// Brokers returns bootstrap.servers as host:port, each once and in its order. An
// entry is [protocol://]host[:port][/]; an IPv6 address with a port stands in
// brackets. Empty entries count for nothing. What cannot be used, and a protocol
// that contradicts security.protocol, is an error of the view.
func (v *View) Brokers() []string {
	const key = "metadata.broker.list" // librdkafka's own name
	if !v.Given(key) {
		return nil
	}
	var brokers []string
	servers := v.Get(key)
	for entry := range strings.SplitSeq(servers, ",") {
		if entry = strings.TrimSpace(entry); entry == "" {
			continue
		}
		address, reason := v.broker(entry)
		if reason != "" {
			v.Fail(key, strconv.Quote(withoutUser(entry, servers))+": "+reason)
			continue
		}
		if !slices.Contains(brokers, address) {
			brokers = append(brokers, address)
		}
	}
	return brokers
}

// withoutUser is an entry of servers without user and password. A password may hold a comma: what
// stands before an @ in another entry is not shown either.
func withoutUser(entry, servers string) string {
	const hidden = "***"
	if at := strings.LastIndexByte(entry, '@'); at >= 0 {
		return hidden + entry[at:]
	}
	if strings.Contains(servers, "@") {
		return hidden
	}
	return entry
}

// broker reads one entry. reason is empty if it can be used.
func (v *View) broker(entry string) (address, reason string) {
	if strings.Contains(entry, "@") {
		return "", "want host:port, or protocol://host:port; a user and a password are given by sasl.username and sasl.password"
	}
	host := entry
	if protocol, rest, ok := strings.Cut(entry, "://"); ok {
		host = strings.TrimSuffix(rest, "/")
		if reason := v.contradicts(strings.ToLower(protocol)); reason != "" {
			return "", reason
		}
	}
	if strings.ContainsAny(host, " \t\r\n;|") {
		return "", "brokers are separated by commas"
	}
	if strings.ContainsAny(host, "/?#\"'") {
		return "", "want host:port, or protocol://host:port"
	}
	port := defaultPort
	switch {
	case strings.HasPrefix(host, "["):
		inside, after, ok := strings.Cut(host[1:], "]")
		if !ok || after != "" && after[0] != ':' {
			return "", "want [address]:port"
		}
		if host = inside; after != "" {
			port = after[1:]
		}
		if !isIPv6(host) {
			return "", "there is no IPv6 address in the brackets"
		}
	case strings.Count(host, ":") > 1:
		if !isIPv6(host) {
			return "", "has more than one colon; an IPv6 address with a port is written [address]:port"
		}
	default:
		var given bool
		if host, port, given = strings.Cut(host, ":"); !given {
			port = defaultPort
		}
	}
	if host == "" {
		return "", "has no host"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "the port is not a number from 1 to 65535"
	}
	return net.JoinHostPort(host, port), ""
}

func isIPv6(host string) bool {
	address, _, _ := strings.Cut(host, "%") // a zone
	ip := net.ParseIP(address)
	return ip != nil && strings.Contains(address, ":")
}

var protocols = []string{"plaintext", "ssl", "sasl_plaintext", "sasl_ssl"}

// contradicts says why a broker's protocol cannot be used.
func (v *View) contradicts(protocol string) string {
	want := v.protocol()
	switch {
	case !slices.Contains(protocols, protocol):
		return "there is no protocol " + strconv.Quote(protocol) + "; there are " + strings.Join(protocols, ", ")
	case protocol == want:
		return ""
	case !v.Given("security.protocol"):
		return "contradicts security.protocol, which is " + want + " by default: set security.protocol to " + protocol
	}
	return "contradicts security.protocol, which is " + want
}

func (v *View) protocol() string { return strings.ToLower(v.Get("security.protocol")) }
