// SPDX-License-Identifier: 0BSD

package main

import "runtime"

// A message; a post has no place for a reply.
type mail struct {
	number uint64
	reply  chan uint64
}

// What a server does with messages, and what it has seen.
type server struct {
	inbox                       chan mail
	done                        chan struct{}
	requests, posts, sum, wrong uint64
	next                        [64]uint64
}

const clientShift = 40

func (s *server) post(number uint64) {
	client := number >> clientShift & 63
	number &= 1<<clientShift - 1
	s.posts++
	s.sum += number
	if number != s.next[client] {
		s.wrong++
	}
	s.next[client] = number + 1
}

func (s *server) serve(locked bool) {
	if locked {
		runtime.LockOSThread()
	}
	for m := range s.inbox {
		if m.reply == nil {
			s.post(m.number)
		} else {
			s.requests++
			m.reply <- m.number + 1
		}
	}
	close(s.done)
}

func open(r run, capacity uint64) *server {
	s := &server{inbox: make(chan mail, capacity), done: make(chan struct{})}
	go s.serve(r.locked != 0)
	return s
}

// All clients have ended.
func (s *server) join() {
	close(s.inbox)
	<-s.done
}

func (s *server) checkRequests(all uint64) {
	if s.requests != all {
		fail("%d requests were sent and %d handled", all, s.requests)
	}
}

func (s *server) checkPosts(clients, each uint64) {
	if s.posts != clients*each {
		fail("%d posts were sent and %d handled", clients*each, s.posts)
	}
	if s.sum != clients*(each*(each-1)/2) {
		fail("the posts' sum is %d", s.sum)
	}
	if s.wrong != 0 {
		fail("%d posts came out of order", s.wrong)
	}
}

func checkReply(reply, number uint64) {
	if reply != number+1 {
		fail("request %d got a wrong reply: %d", number, reply)
	}
}
