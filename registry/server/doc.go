// Package server is what a registry needs around it to be exposed: users, some of
// whom may only read, TLS, limits of size, number and time, a health check,
// metrics, and an end that lets requests finish.
//
//	m, err := memory.Open(dir)
//	s, err := server.New(m, server.WithUsers(users))
//	err = s.ListenAndServe(ctx, "127.0.0.1:8081") // until ctx ends
//
// Besides the paths of [memory.Handler] it has:
//
//	GET /health    200 while the server is up, to anybody
//	GET /metrics   to users, where [WithMetrics] is given
package server
