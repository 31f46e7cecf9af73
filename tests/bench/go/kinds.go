// SPDX-License-Identifier: 0BSD

package main

import (
	"bytes"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"
)

const slots = 64

// Posts without a bound do not exist in Go; what can be done has a bound or waits.
var kinds = map[string]func(run){
	"call": call, "paced": paced, "pipe": pipe, "bounded": bounded, "spawn": spawn, "servers": servers,
}

// Run the clients, and take the time from when all of them are ready.
func runClients(r run, client func(number uint64)) mark {
	var ready, done sync.WaitGroup

	start := make(chan struct{})
	ready.Add(int(r.clients))
	done.Add(int(r.clients))
	for i := uint64(0); i < r.clients; i++ {
		go func(number uint64) {
			if r.locked != 0 {
				runtime.LockOSThread()
			}
			ready.Done()
			<-start
			client(number)
			done.Done()
		}(i)
	}
	ready.Wait()
	time.Sleep(2 * time.Millisecond)
	begin := take()
	close(start)
	done.Wait()
	return begin
}

func callOnce(r run, ops uint64) (mark, mark) {
	s := open(r, 64)
	each := ops / r.clients
	begin := runClients(r, func(uint64) {
		reply := make(chan uint64, 1)
		for i := uint64(0); i < each; i++ {
			s.inbox <- mail{i, reply}
			checkReply(<-reply, i)
		}
	})
	end := take()
	s.join()
	s.checkRequests(each * r.clients)
	return begin, end
}

func call(r run) {
	begin, end, ops := scale(r, callOnce)
	tellBetween(begin, end, ops/r.clients*r.clients)
}

const pace = 500 * time.Microsecond

func pacedOnce(r run, ops uint64) (mark, mark) {
	var waited time.Duration

	s := open(r, 64)
	reply := make(chan uint64, 1)
	begin := take()
	for i := uint64(0); i < ops; i++ {
		time.Sleep(time.Until(begin.time.Add(time.Duration(i+1) * pace)))
		before := time.Now()
		s.inbox <- mail{i, reply}
		checkReply(<-reply, i)
		waited += time.Since(before)
	}
	end := take()
	s.join()
	s.checkRequests(ops)
	end.time = begin.time.Add(waited)
	return begin, end
}

func paced(r run) {
	// Each takes its pace, so no attempts are needed to know how many there are to be.
	if r.ops == 0 {
		r.ops = 1 + r.ms*uint64(time.Millisecond)/uint64(pace)
	}
	begin, end, ops := scale(r, pacedOnce)
	tellBetween(begin, end, ops)
}

func pipeOnce(r run, ops uint64) (mark, mark) {
	var replies [slots]chan uint64

	s := open(r, slots)
	for i := range replies {
		replies[i] = make(chan uint64, 1)
	}
	begin := runClients(r, func(uint64) {
		for i := uint64(0); i < ops+slots; i++ {
			if i >= slots {
				checkReply(<-replies[i%slots], i-slots)
			}
			if i < ops {
				s.inbox <- mail{i, replies[i%slots]}
			}
		}
	})
	end := take()
	s.join()
	s.checkRequests(ops)
	return begin, end
}

func pipe(r run) {
	if r.ops != 0 && r.ops < slots {
		r.ops = slots
	}
	begin, end, ops := scale(r, pipeOnce)
	tellBetween(begin, end, ops)
}

func boundedOnce(r run, ops uint64) (mark, mark) {
	s := open(r, r.capacity)
	each := ops / r.clients
	begin := runClients(r, func(client uint64) {
		for i := uint64(0); i < each; i++ {
			s.inbox <- mail{client<<clientShift | i, nil}
		}
	})
	s.join()
	end := take()
	s.checkPosts(r.clients, each)
	return begin, end
}

func bounded(r run) {
	begin, end, ops := scale(r, boundedOnce)
	tellBetween(begin, end, ops/r.clients*r.clients)
}

func spawnOnce(r run, ops uint64) (mark, mark) {
	begin := take()
	for i := uint64(0); i < ops; i++ {
		s := open(r, 64)
		reply := make(chan uint64, 1)
		s.inbox <- mail{i, reply}
		checkReply(<-reply, i)
		s.join()
		s.checkRequests(1)
	}
	return begin, take()
}

func spawn(r run) {
	begin, end, ops := scale(r, spawnOnce)
	tellBetween(begin, end, ops)
}

// Counted page by page, as harness/measure.c does.
func resident() float64 {
	text, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		fail("%v", err)
	}
	_, text, _ = bytes.Cut(text, []byte("\nRss:"))
	words := strings.Fields(string(text))
	if len(words) == 0 {
		fail("/proc/self/smaps_rollup does not say what is resident")
	}
	kilobytes, err := strconv.ParseFloat(words[0], 64)
	if err != nil {
		fail("%v", err)
	}
	return kilobytes * 1024
}

func servers(r run) {
	type pair struct {
		server *server
		reply  chan uint64
	}
	pairs := make([]pair, r.servers)
	count := float64(r.servers)
	callEach := func(number uint64) {
		for _, p := range pairs {
			p.server.inbox <- mail{number, p.reply}
			checkReply(<-p.reply, number)
		}
	}
	before, spawned := resident(), time.Now()
	for i := range pairs {
		pairs[i] = pair{open(r, 64), make(chan uint64, 1)}
	}
	callEach(0)
	tell("spawn", float64(time.Since(spawned))/count)
	time.Sleep(20 * time.Millisecond)
	tell("resident", (resident()-before)/count)
	rounds := 1 + r.ops/r.servers
	begin := take()
	for i := uint64(1); i <= rounds; i++ {
		callEach(i)
	}
	tellBetween(begin, take(), rounds*r.servers)
	for _, p := range pairs {
		p.server.join()
		p.server.checkRequests(rounds + 1)
	}
}
