package main

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Upper bounds of the histogram's buckets, in seconds.
var bounds = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10}

type series struct {
	statuses map[int]uint64
	buckets  []uint64 // cumulative, one for each bound
	sum      float64
	count    uint64
}

type metrics struct {
	version, service string

	mu         sync.Mutex
	namespaces map[string]*series
}

func newMetrics(version, service string) *metrics {
	return &metrics{version: version, service: service, namespaces: map[string]*series{}}
}

// declare makes a namespace's series begin at zero, as client libraries advise, so that the first
// requests show in a rate.
func (m *metrics) declare(namespace string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.of(namespace)
}

func (m *metrics) of(namespace string) *series {
	s, found := m.namespaces[namespace]
	if !found {
		s = &series{
			statuses: map[int]uint64{http.StatusOK: 0, http.StatusInternalServerError: 0},
			buckets:  make([]uint64, len(bounds)),
		}
		m.namespaces[namespace] = s
	}
	return s
}

func (m *metrics) observe(namespace string, status int, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.of(namespace)
	s.statuses[status]++
	seconds := took.Seconds()
	for i, bound := range bounds {
		if seconds <= bound {
			s.buckets[i]++
		}
	}
	s.sum += seconds
	s.count++
}

func (m *metrics) write(w io.Writer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	names := make([]string, 0, len(m.namespaces))
	for name := range m.namespaces {
		names = append(names, name)
	}
	slices.Sort(names)

	fmt.Fprintln(w, "# HELP http_requests_total Requests answered.")
	fmt.Fprintln(w, "# TYPE http_requests_total counter")
	for _, name := range names {
		s := m.namespaces[name]
		statuses := make([]int, 0, len(s.statuses))
		for status := range s.statuses {
			statuses = append(statuses, status)
		}
		slices.Sort(statuses)
		for _, status := range statuses {
			fmt.Fprintf(w, "http_requests_total{%s,status=\"%d\"} %d\n", m.labels(name), status, s.statuses[status])
		}
	}

	fmt.Fprintln(w, "# HELP http_request_duration_seconds Time to answer.")
	fmt.Fprintln(w, "# TYPE http_request_duration_seconds histogram")
	for _, name := range names {
		s, labels := m.namespaces[name], m.labels(name)
		for i, bound := range bounds {
			fmt.Fprintf(w, "http_request_duration_seconds_bucket{%s,le=\"%g\"} %d\n", labels, bound, s.buckets[i])
		}
		fmt.Fprintf(w, "http_request_duration_seconds_bucket{%s,le=\"+Inf\"} %d\n", labels, s.count)
		fmt.Fprintf(w, "http_request_duration_seconds_sum{%s} %g\n", labels, s.sum)
		fmt.Fprintf(w, "http_request_duration_seconds_count{%s} %d\n", labels, s.count)
	}
}

func (m *metrics) labels(namespace string) string {
	return fmt.Sprintf("version=%q,service=%q,namespace=%q", m.version, m.service, namespace)
}
