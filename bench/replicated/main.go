// Replicated's preflight, as its own main builds it: without the providers of cluster credentials, which no HostPreflight needs.
package main

import "github.com/replicatedhq/troubleshoot/cmd/preflight/cli"

func main() {
	cli.InitAndExecute()
}
