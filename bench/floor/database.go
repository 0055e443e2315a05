package main

import (
	"context"
	"os"

	"github.com/jackc/pgx/v5"
)

// In the first flight; the tool's own queries are longer, and ask the same catalogs.
var facts = []string{
	"SELECT version()",
	"SELECT current_setting('server_version_num'), current_database(), pg_is_in_recovery(), current_user, pg_backend_pid(), clock_timestamp()",
	"SELECT oid, datname FROM pg_database",
	"SELECT r.*, has_database_privilege(current_database(), 'CREATE') FROM pg_roles r WHERE rolname = current_user",
	"SELECT c.oid, c.relname, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'",
	"SELECT c.relowner, pg_has_role(c.relowner, 'USAGE') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_'",
	"SELECT count(*), current_setting('max_connections') FROM pg_stat_activity",
	"SELECT name, setting, source FROM pg_settings WHERE name IN ('max_connections', 'search_path', 'statement_timeout')",
	"SELECT setconfig FROM pg_db_role_setting",
	"SELECT current_schema(), has_schema_privilege(current_schema(), 'CREATE')",
}

// In the second one: both trials.
var trials = []string{
	"BEGIN",
	"CREATE TABLE public.floor_table (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body jsonb NOT NULL)",
	"ALTER TABLE public.floor_table ADD COLUMN at timestamptz NOT NULL DEFAULT now()",
	"CREATE INDEX ON public.floor_table (at)",
	`INSERT INTO public.floor_table (body) VALUES ('{"run": "floor"}')`,
	"SELECT body->>'run' AS run FROM public.floor_table",
	"DROP TABLE public.floor_table",
	"ROLLBACK",
	"BEGIN",
	"CREATE TABLE public.floor_queue (id bigint PRIMARY KEY, body text NOT NULL)",
	"INSERT INTO public.floor_queue VALUES (1, 'first'), (2, 'second')",
	"SELECT id, body FROM public.floor_queue ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
	"DELETE FROM public.floor_queue WHERE id = 1",
	"SELECT id, body FROM public.floor_queue ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED",
	"ROLLBACK",
}

func database() {
	config, err := pgx.ParseConfig(os.Getenv("DATABASE_URL"))
	done("database URL", err)
	// One flight for all statements, without preparing them in another.
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	ctx := context.Background()
	connection, err := pgx.ConnectConfig(ctx, config)
	done("database", err)
	defer connection.Close(ctx)
	for _, statements := range [][]string{facts, trials} {
		sent := &pgx.Batch{}
		for _, sql := range statements {
			sent.Queue(sql)
		}
		results := connection.SendBatch(ctx, sent)
		for _, sql := range statements {
			rows, err := results.Query()
			if err == nil {
				for rows.Next() {
				}
				err = rows.Err()
			}
			done(sql, err)
		}
		done("batch", results.Close())
	}
}
