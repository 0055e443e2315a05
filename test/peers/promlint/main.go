// Reads metrics from standard input with the parser of node_exporter's textfile collector, and asks Prometheus' own
// linter about them. Prints a line for each problem.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		fail(err)
	}
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	if err != nil {
		fail(err)
	}
	for _, problem := range problems {
		fmt.Printf("%s: %s\n", problem.Metric, problem.Text)
	}
	series := 0
	for _, family := range families {
		series += len(family.Metric)
	}
	fmt.Printf("%d families, %d series\n", len(families), series)
	if len(problems) > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Println(err)
	os.Exit(1)
}
