// What the API server of Kubernetes makes of a manifest: one per line of standard input, in base64, and one JSON object per line of
// standard output: for each Secret and ConfigMap its values by key, in base64, or null if the object is rejected. With the argument
// "types": a list of what is wrong with a Pod, a Job or a ServiceAccount.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	kjson "sigs.k8s.io/json"
)

type values map[string][]byte

// As the registry of the API server prepares a Secret: stringData is written over data (Secret strategy, PrepareForCreate).
func secret(text []byte) (values, error) {
	object := corev1.Secret{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &object); err != nil {
		return nil, err
	}
	read := values{}
	for key, value := range object.Data {
		read[key] = value
	}
	for key, value := range object.StringData {
		read[key] = []byte(value)
	}
	return read, nil
}

func configMap(text []byte) (values, error) {
	object := corev1.ConfigMap{}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(text, &object); err != nil {
		return nil, err
	}
	read := values{}
	for key, value := range object.Data {
		read[key] = []byte(value)
	}
	return read, nil
}

// As ValidateSecret and ValidateConfigMap check the keys.
func valid(read values) error {
	for key := range read {
		if found := validation.IsConfigMapKey(key); len(found) > 0 {
			return fmt.Errorf("%q: %s", key, strings.Join(found, "; "))
		}
	}
	return nil
}

func object(text []byte) (values, error) {
	kind := struct{ Kind string }{}
	if err := json.Unmarshal(text, &kind); err != nil {
		return nil, err
	}
	read, err := configMap, error(nil)
	if kind.Kind == "Secret" {
		read = secret
	}
	found, err := read(text)
	if err != nil {
		return nil, err
	}
	return found, valid(found)
}

// As kubectl splits a file and turns it into JSON.
func objects(text string) []values {
	decoder := utilyaml.NewYAMLOrJSONDecoder(strings.NewReader(text), 4096)
	all := []values{}
	for {
		raw := json.RawMessage{}
		if err := decoder.Decode(&raw); err == io.EOF {
			return all
		} else if err != nil {
			return append(all, nil)
		}
		read, err := object(raw)
		if err != nil {
			read = nil
		}
		all = append(all, read)
	}
}

func main() {
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 1<<24)
	out := json.NewEncoder(os.Stdout)
	isTypes := len(os.Args) > 1 && os.Args[1] == "types"
	for scanner.Scan() {
		text, err := base64.StdEncoding.DecodeString(scanner.Text())
		if err == nil && isTypes {
			err = out.Encode(faults(text))
		} else if err == nil {
			err = out.Encode(objects(string(text)))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}
