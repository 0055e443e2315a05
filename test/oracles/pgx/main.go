// Asks pgx about database URLs: one JSON object per line on stdin, one answer per line on stdout, in the same order.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

type question struct {
	URL string `json:"url"`
	// Variables of the process that reads the URL, beside HOME and USER.
	Environment map[string]string `json:"environment"`
}

type answer struct {
	// "parse": the URL is not accepted; "refused": no session; "connected".
	Result string `json:"result"`
	Error  string `json:"error,omitempty"`
	State  string `json:"state,omitempty"`
	// What the session is, so that two answers can be compared.
	Session string `json:"session,omitempty"`
}

const limit = 20 * time.Second

// A session's user, database, server, encryption and settings.
const identity = `SELECT concat_ws(' ', session_user, current_database(), current_setting('port'), pg_backend_pid() IN
  (SELECT pid FROM pg_stat_ssl WHERE ssl), (SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings
  WHERE source = 'client' AND name <> 'application_name'))`

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		if err := answers.Encode(ask(asked)); err != nil {
			os.Exit(1)
		}
	}
}

func ask(asked question) answer {
	for _, set := range os.Environ() {
		if name, _, _ := strings.Cut(set, "="); strings.HasPrefix(name, "PG") {
			os.Unsetenv(name)
		}
	}
	for name, value := range asked.Environment {
		os.Setenv(name, value)
	}
	// The pool's own parameters are part of the URL, as in any program with a pool.
	config, err := pgxpool.ParseConfig(asked.URL)
	if err != nil {
		return answer{Result: "parse", Error: err.Error()}
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	connection, err := pgx.ConnectConfig(ctx, config.ConnConfig)
	if err != nil {
		return refused(err)
	}
	defer connection.Close(context.Background())
	found := answer{Result: "connected"}
	// A pooler accepts logins with settings that its server then rejects: a session without anything to compare.
	if err := connection.QueryRow(ctx, identity, pgx.QueryExecModeDescribeExec).Scan(&found.Session); err != nil {
		found.Error = err.Error()
	}
	return found
}

func refused(err error) answer {
	found := answer{Result: "refused", Error: err.Error()}
	var reported *pgconn.PgError
	if errors.As(err, &reported) {
		found.State = reported.Code
	}
	return found
}
