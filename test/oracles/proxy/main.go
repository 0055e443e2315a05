// What golang.org/x/net/http/httpproxy, on which net/http's ProxyFromEnvironment is based, makes of proxy variables: one JSON object per
// line of standard input, with the variables and URLs; one JSON object per line of standard output: for each URL, the proxy's scheme,
// host and port, or null for a direct connection; and whether each proxy is valid.
package main

import (
	"bufio"
	"encoding/json"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

type question struct {
	Environment map[string]string `json:"environment"`
	URLs        []string          `json:"urls"`
}

type answer struct {
	// Scheme, host and port of each; null for a direct connection.
	Proxies []*string `json:"proxies"`
	// By the variable.
	Valid map[string]bool `json:"valid"`
}

var ports = map[string]string{"http": "80", "https": "443", "socks5": "1080"}

func place(proxy *url.URL) *string {
	if proxy == nil {
		return nil
	}
	port := proxy.Port()
	if port == "" {
		port = ports[proxy.Scheme]
	}
	text := proxy.Scheme + " " + proxy.Hostname() + " " + port
	return &text
}

// A proxy that can't be parsed is left out without a message. One without a host, with a host that is neither an address nor a name, or
// with an impossible port can't be reached.
func isValid(proxy string) bool {
	config := httpproxy.Config{HTTPSProxy: proxy}
	found, err := config.ProxyFunc()(&url.URL{Scheme: "https", Host: "probe.invalid"})
	if err != nil || found == nil {
		return false
	}
	host := found.Hostname()
	if host == "" || (net.ParseIP(host) == nil && strings.ContainsAny(host, ": ")) {
		return false
	}
	// What can't be parsed is parsed again with http:// in front: the scheme becomes the host.
	if scheme, _, has := strings.Cut(proxy, ":/"); has && strings.EqualFold(scheme, host) {
		return false
	}
	port, err := strconv.ParseUint(found.Port(), 10, 16)
	return found.Port() == "" || (err == nil && port > 0)
}

func ask(asked question) answer {
	for name, value := range asked.Environment {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}
	config := httpproxy.FromEnvironment()
	answered := answer{Valid: map[string]bool{"HTTPS_PROXY": isValid(config.HTTPSProxy), "HTTP_PROXY": isValid(config.HTTPProxy)}}
	for _, text := range asked.URLs {
		target, err := url.Parse(text)
		if err != nil {
			panic(err)
		}
		proxy, _ := config.ProxyFunc()(target)
		answered.Proxies = append(answered.Proxies, place(proxy))
	}
	return answered
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		if err := out.Encode(ask(asked)); err != nil {
			panic(err)
		}
	}
}
