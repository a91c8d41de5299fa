// Command backend is one version of a service: it answers with its version, counts what it
// answered in the Prometheus text format, and can be told to fail or to be slow.
//
// Traffic and administration have a port each, so that a gateway never exposes the second.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

type namespaceFlag map[string]string

func (n namespaceFlag) String() string { return "" }

func (n namespaceFlag) Set(pair string) error {
	host, namespace, found := strings.Cut(pair, "=")
	if !found {
		return fmt.Errorf("want HOST=NAMESPACE, got %q", pair)
	}
	n[host] = namespace
	return nil
}

func main() {
	namespaces := namespaceFlag{}
	version := flag.String("version", "v0.0.0", "version to answer with")
	service := flag.String("service", "backend", "value of the label `service` in the metrics")
	listen := flag.String("listen", "127.0.0.1:8080", "address for traffic")
	admin := flag.String("admin-listen", "127.0.0.1:8081", "address for /metrics, /admin and /healthz")
	flag.Var(namespaces, "namespace", "HOST=NAMESPACE: label `namespace` of that host's series (default: the host's first label); may be repeated")
	flag.Parse()

	behaviour := newBehaviour()
	metrics := newMetrics(*version, *service)
	for host, namespace := range namespaces {
		behaviour.setNamespace(host, namespace)
		metrics.declare(namespace)
	}

	go func() {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
		mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
			metrics.write(w)
		})
		mux.HandleFunc("/admin", func(w http.ResponseWriter, r *http.Request) { behaviour.admin(w, r, metrics) })
		log.Fatal(http.ListenAndServe(*admin, mux))
	}()

	log.Fatal(http.ListenAndServe(*listen, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		host := hostOf(r)
		answer := behaviour.next(host)
		if answer.latency > 0 {
			time.Sleep(answer.latency)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Version", *version)
		w.WriteHeader(answer.status)
		_ = json.NewEncoder(w).Encode(map[string]any{"version": *version, "service": *service, "status": answer.status})
		metrics.observe(answer.namespace, answer.status, time.Since(start))
	})))
}

// hostOf gives the host that the client asked for, without a port.
func hostOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.Host); err == nil {
		return host
	}
	return r.Host
}
