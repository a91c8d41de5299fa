// Command load sends a bounded number of requests to an address on loopback and counts by itself
// which version answered. It prints one JSON line every 100 ms, and a last one with "final":true.
//
// The loop is open: requests leave at their time, whether or not the earlier ones were answered.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	maxRPS      = 1000
	maxSeconds  = 600
	maxInFlight = 2000
	timeout     = 10 * time.Second
	reportEvery = 100 * time.Millisecond
)

type headerFlag http.Header

func (h headerFlag) String() string { return "" }

func (h headerFlag) Set(pair string) error {
	key, value, found := strings.Cut(pair, "=")
	if !found {
		return fmt.Errorf("want KEY=VALUE, got %q", pair)
	}
	http.Header(h).Add(key, value)
	return nil
}

type options struct {
	url, host string
	rps       float64
	seconds   float64
	header    http.Header
	keepalive bool
}

func main() {
	opts := options{header: http.Header{}}
	var path string
	flag.StringVar(&opts.url, "url", "", "where to send to, on loopback: http://127.0.0.1:PORT")
	flag.StringVar(&opts.host, "host", "", "Host header")
	flag.StringVar(&path, "path", "/", "path")
	flag.Float64Var(&opts.rps, "rps", 100, "requests a second, at most 1000")
	flag.Float64Var(&opts.seconds, "seconds", 10, "how long, at most 600")
	flag.Var(headerFlag(opts.header), "header", "KEY=VALUE; may be repeated")
	flag.BoolVar(&opts.keepalive, "keepalive", true, "reuse connections; --keepalive=false opens one a request")
	flag.Parse()
	opts.url = strings.TrimSuffix(opts.url, "/") + path
	if err := opts.check(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}

	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	counts := newCounts()
	stopReports := report(counts)
	run(ctx, opts, counts)
	stopReports()
	counts.print(os.Stdout, true)
}

func (o options) check() error {
	if !(o.rps > 0 && o.rps <= maxRPS) {
		return fmt.Errorf("--rps: want more than 0 and at most %d", maxRPS)
	}
	if !(o.seconds > 0 && o.seconds <= maxSeconds) {
		return fmt.Errorf("--seconds: want more than 0 and at most %d", maxSeconds)
	}
	target, err := url.Parse(o.url)
	if err != nil {
		return err
	}
	if ip := net.ParseIP(target.Hostname()); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--url: want a loopback address such as http://127.0.0.1:8080, got %q", o.url)
	}
	return nil
}

// run sends until the time is over or ctx ends, then waits for the answers still out; when ctx
// ends it gives those up.
func run(ctx context.Context, opts options, counts *counts) {
	client := &http.Client{
		Timeout:       timeout,
		Transport:     &http.Transport{MaxIdleConnsPerHost: maxInFlight, DisableKeepAlives: !opts.keepalive},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	total := int(opts.rps*opts.seconds + 0.5)
	interval := float64(time.Second) / opts.rps
	slots := make(chan struct{}, maxInFlight)
	var inFlight sync.WaitGroup
	defer inFlight.Wait()
	start := time.Now()
	for i := range total {
		if wait := time.Until(start.Add(time.Duration(float64(i) * interval))); wait > 0 {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
		} else if ctx.Err() != nil {
			return
		}
		counts.sending()
		select {
		case slots <- struct{}{}:
		default: // too many unanswered: an error, not a wait
			counts.failed()
			continue
		}
		inFlight.Go(func() {
			defer func() { <-slots }()
			send(ctx, client, opts, counts)
		})
	}
}

func send(ctx context.Context, client *http.Client, opts options, counts *counts) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, opts.url, nil)
	if err != nil {
		counts.failed()
		return
	}
	request.Header = opts.header.Clone()
	request.Host = opts.host
	response, err := client.Do(request)
	if err != nil {
		counts.failed()
		return
	}
	_, err = io.Copy(io.Discard, response.Body)
	response.Body.Close()
	if err != nil {
		counts.failed()
		return
	}
	counts.answered(response.StatusCode, response.Header.Get("X-Version"))
}

// report prints the counts at regular times until the function that it gives back is called. When
// nobody reads any more, SIGPIPE ends the program at the next line.
func report(counts *counts) (stop func()) {
	quit, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(reportEvery)
		defer ticker.Stop()
		for {
			select {
			case <-quit:
				return
			case <-ticker.C:
				counts.print(os.Stdout, false)
			}
		}
	}()
	return func() { close(quit); <-done }
}

type versionCount struct {
	Count      int   `json:"count"`
	Errors5xx  int   `json:"errors5xx"`
	LastUnixMs int64 `json:"lastUnixMs"`
}

type counts struct {
	mu    sync.Mutex
	start time.Time

	sent, done, errors int
	status             map[int]int
	versions           map[string]*versionCount
}

func newCounts() *counts {
	return &counts{start: time.Now(), status: map[int]int{}, versions: map[string]*versionCount{}}
}

func (c *counts) sending() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sent++
}

func (c *counts) failed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errors++
}

// answered counts an answer; one without a version is the gateway's own and counts by status alone.
func (c *counts) answered(status int, version string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	c.status[status]++
	if version == "" {
		return
	}
	v := c.versions[version]
	if v == nil {
		v = &versionCount{}
		c.versions[version] = v
	}
	v.Count++
	if status >= 500 {
		v.Errors5xx++
	}
	v.LastUnixMs = time.Now().UnixMilli()
}

func (c *counts) print(w io.Writer, final bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	line, err := json.Marshal(struct {
		UnixMs    int64                    `json:"unixMs"`
		ElapsedMs int64                    `json:"elapsedMs"`
		Sent      int                      `json:"sent"`
		Done      int                      `json:"done"`
		Errors    int                      `json:"errors"`
		Status    map[int]int              `json:"status"`
		Versions  map[string]*versionCount `json:"versions"`
		Final     bool                     `json:"final,omitempty"`
	}{now.UnixMilli(), now.Sub(c.start).Milliseconds(), c.sent, c.done, c.errors, c.status, c.versions, final})
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(w, "%s\n", line)
}
