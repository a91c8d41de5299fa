package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const maxLatency = 10 * time.Second

// rule tells how to answer one host; the rule of host "" is for all hosts without one of their own.
type rule struct {
	errorShare float64
	status     int // of the failures
	latency    time.Duration
}

type answer struct {
	namespace string
	status    int
	latency   time.Duration
}

type behaviour struct {
	mu         sync.Mutex
	rules      map[string]rule
	owed       map[string]float64 // by host: failures owed so far, below 1
	namespaces map[string]string
}

func newBehaviour() *behaviour {
	return &behaviour{
		rules:      map[string]rule{"": {status: http.StatusInternalServerError}},
		owed:       map[string]float64{},
		namespaces: map[string]string{},
	}
}

func (b *behaviour) setNamespace(host, namespace string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.namespaces[host] = namespace
}

// next decides the next answer for host. Failures are spread evenly and not drawn by chance:
// each request adds the share to what is owed, and a whole one is paid with a failure.
func (b *behaviour) next(host string) answer {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, found := b.rules[host]
	if !found {
		r = b.rules[""]
	}
	a := answer{namespace: b.namespaceOf(host), status: http.StatusOK, latency: r.latency}
	owed := b.owed[host] + r.errorShare
	if owed >= 1-1e-9 {
		owed--
		a.status = r.status
	}
	b.owed[host] = owed
	return a
}

func (b *behaviour) namespaceOf(host string) string {
	if namespace, found := b.namespaces[host]; found {
		return namespace
	}
	first, _, _ := strings.Cut(host, ".")
	return first
}

// admin serves GET (show), POST (set what is given) and DELETE (forget) for ?host=, or for all hosts.
func (b *behaviour) admin(w http.ResponseWriter, r *http.Request, m *metrics) {
	query := r.URL.Query()
	host := query.Get("host")
	switch r.Method {
	case http.MethodGet:
	case http.MethodPost:
		if err := b.set(host, query.Get, m); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	case http.MethodDelete:
		b.forget(host)
	default:
		http.Error(w, "use GET, POST or DELETE", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(b.show())
}

func (b *behaviour) set(host string, get func(string) string, m *metrics) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	r, found := b.rules[host]
	if !found {
		r = rule{status: http.StatusInternalServerError}
	}
	if text := get("error"); text != "" {
		share, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(share) || share < 0 || share > 1 {
			return fmt.Errorf("error=%s: want a share from 0 to 1", text)
		}
		r.errorShare = share
	}
	if text := get("status"); text != "" {
		status, err := strconv.Atoi(text)
		if err != nil || status < 400 || status > 599 {
			return fmt.Errorf("status=%s: want 400 to 599", text)
		}
		r.status = status
	}
	if text := get("latency"); text != "" {
		latency, err := time.ParseDuration(text)
		if err != nil || latency < 0 || latency > maxLatency {
			return fmt.Errorf("latency=%s: want a duration up to %s, such as 200ms", text, maxLatency)
		}
		r.latency = latency
	}
	if namespace := get("namespace"); namespace != "" {
		if host == "" {
			return fmt.Errorf("namespace= needs host=")
		}
		b.namespaces[host] = namespace
		m.declare(namespace)
	}
	if get("error") != "" || get("status") != "" || get("latency") != "" {
		b.rules[host] = r
		delete(b.owed, host)
	}
	return nil
}

func (b *behaviour) forget(host string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if host == "" {
		b.rules = map[string]rule{"": {status: http.StatusInternalServerError}}
		b.owed = map[string]float64{}
		return
	}
	delete(b.rules, host)
	delete(b.owed, host)
}

func (b *behaviour) show() map[string]any {
	b.mu.Lock()
	defer b.mu.Unlock()
	hosts := map[string]any{}
	for host, r := range b.rules {
		if host == "" {
			host = "*"
		}
		hosts[host] = map[string]any{"error": r.errorShare, "status": r.status, "latency": r.latency.String()}
	}
	return map[string]any{"hosts": hosts, "namespaces": b.namespaces}
}
