// What the clients of containers and Kubernetes read from an env file: one request per line of standard input, the file in
// base64, and one JSON object per line of standard output, with the variables by reader; null for a file that it refuses.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"envfile/kubectl"

	"github.com/compose-spec/compose-go/v2/dotenv"
	"github.com/docker/cli/pkg/kvfile"
	"github.com/sirupsen/logrus"
	"k8s.io/apimachinery/pkg/util/validation"
)

type variables map[string]string

// As `docker run --env-file` calls it. The last of several assignments counts: the daemon merges them in order.
func docker(text []byte) (variables, error) {
	lines, err := kvfile.ParseFromReader(bytes.NewReader(text), os.LookupEnv)
	read := variables{}
	for _, line := range lines {
		name, value, _ := strings.Cut(line, "=")
		read[name] = value
	}
	return read, err
}

// As docker compose reads the files of `env_file` and `--env-file`.
func compose(text []byte) (variables, error) {
	return dotenv.ParseWithLookup(bytes.NewReader(text), os.LookupEnv)
}

// As `kubectl create secret --from-env-file`, with the two conditions of its addKeyFromLiteralToSecret.
func fromEnvFile(text []byte, directory string) (variables, error) {
	path := filepath.Join(directory, "env")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return nil, err
	}
	read := variables{}
	err := util.AddFromEnvFile(path, func(name, value string) error {
		if found := validation.IsConfigMapKey(name); len(found) > 0 {
			return fmt.Errorf("%q is not a valid key name", name)
		}
		if _, exists := read[name]; exists {
			return fmt.Errorf("another key by that name already exists")
		}
		read[name] = value
		return nil
	})
	return read, err
}

func accepted(read variables, err error) variables {
	if err != nil {
		return nil
	}
	return read
}

func answer(line string, directory string) (map[string]variables, error) {
	text, err := base64.StdEncoding.DecodeString(line)
	if err != nil {
		return nil, err
	}
	return map[string]variables{
		"docker":  accepted(docker(text)),
		"compose": accepted(compose(text)),
		"kubectl": accepted(fromEnvFile(text, directory)),
	}, nil
}

func serve(directory string) error {
	logrus.SetOutput(io.Discard)
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	for scanner.Scan() {
		read, err := answer(scanner.Text(), directory)
		if err != nil {
			return err
		}
		if err := out.Encode(read); err != nil {
			return err
		}
	}
	return scanner.Err()
}

func run() error {
	directory, err := os.MkdirTemp("", "preflight-envfile-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(directory)
	return serve(directory)
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
