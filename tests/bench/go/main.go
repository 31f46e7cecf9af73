// SPDX-License-Identifier: 0BSD

// The peer in Go: goroutines and channels.  The same runs as those of the harness in C
// (tests/bench/harness/kinds.c), with the same checks.
//
//	bench_go can
//	bench_go KIND [NAME=VALUE...]
//
// With locked=1 the server and the clients have a thread each.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// What a run is told on the command line.
type run struct {
	ops, ms, most, clients, capacity, servers, locked uint64
}

// The state of the process at one moment.
type mark struct {
	time                      time.Time
	cpu, switches, allocation float64
}

func fail(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, "go: "+format+"\n", arguments...)
	os.Exit(1)
}

func take() mark {
	var usage syscall.Rusage
	var memory runtime.MemStats

	runtime.ReadMemStats(&memory)
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail("%v", err)
	}
	cpu := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	return mark{time.Now(), float64(cpu), float64(usage.Nvcsw + usage.Nivcsw), float64(memory.Mallocs)}
}

func tell(what string, value float64) {
	fmt.Printf(", %q: %.6g", what, value)
}

// Tell what lies between two marks, each by operation.
func tellBetween(begin, end mark, ops uint64) {
	each := float64(ops)
	tell("ops", each)
	tell("ns", float64(end.time.Sub(begin.time))/each)
	tell("cpu", (end.cpu-begin.cpu)/each)
	tell("switches", (end.switches-begin.switches)/each)
	tell("allocations", (end.allocation-begin.allocation)/each)
}

// Call once with more and more operations until that takes at least half of the time asked for.
func scale(r run, once func(run, uint64) (mark, mark)) (mark, mark, uint64) {
	if r.ops != 0 {
		begin, end := once(r, r.ops)
		return begin, end, r.ops
	}
	wanted := time.Duration(r.ms) * time.Millisecond
	for ops := uint64(256); ; {
		if r.most != 0 && ops > r.most {
			ops = r.most
		}
		begin, end := once(r, ops)
		took := end.time.Sub(begin.time)
		if took*2 >= wanted || ops == r.most {
			return begin, end, ops
		}
		if took*16 < wanted {
			ops *= 8
		} else {
			ops = uint64(float64(ops) * 1.2 * float64(wanted) / float64(took))
		}
	}
}

func read(arguments []string) run {
	r := run{clients: 1, servers: 1}
	numbers := map[string]*uint64{"ops": &r.ops, "ms": &r.ms, "most": &r.most,
		"clients": &r.clients, "capacity": &r.capacity, "servers": &r.servers, "locked": &r.locked}
	for _, argument := range arguments {
		name, value, _ := strings.Cut(argument, "=")
		number, err := strconv.ParseUint(value, 10, 64)
		if numbers[name] == nil || err != nil {
			fail("there is no argument %s", argument)
		}
		*numbers[name] = number
	}
	return r
}

func main() {
	if len(os.Args) < 2 {
		fail("which kind of run?")
	}
	if os.Args[1] == "can" {
		for name := range kinds {
			fmt.Println(name)
		}
		return
	}
	kind := kinds[os.Args[1]]
	if kind == nil {
		fail("cannot do a run of the kind %s", os.Args[1])
	}
	r := read(os.Args[2:])
	fmt.Printf("{\"peer\": \"go\", \"kind\": %q", os.Args[1])
	kind(r)
	fmt.Println("}")
}
