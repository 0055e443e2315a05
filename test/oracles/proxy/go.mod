module proxy

go 1.23.0

require golang.org/x/net v0.39.0

require golang.org/x/text v0.24.0 // indirect
