// SPDX-License-Identifier: 0BSD
//! Channels that several threads may send to and receive from, as crossbeam-channel and flume have
//! them: one for the server, and one for each client's replies, which it keeps.
use bench::{Client, Message, Plan, Server, Work};
use channels::{bounded, unbounded, Receiver, Sender};
use std::thread::{spawn, JoinHandle};

enum Mail {
    Post(Message),
    Request(Message, Sender<Message>),
}

struct Channels {
    sender: Option<Sender<Mail>>,
    slots: usize,
    clients: u32,
    thread: JoinHandle<()>,
}

struct ChannelsClient {
    sender: Sender<Mail>,
    replies: Vec<(Sender<Message>, Receiver<Message>)>,
}

fn serve(work: Work, mails: Receiver<Mail>) {
    for mail in mails {
        match mail {
            Mail::Post(msg) => work.post(msg),
            Mail::Request(msg, to) => to.send(work.request(msg)).expect("the client waits"),
        }
    }
}

impl Server for Channels {
    type Client = ChannelsClient;

    fn open(work: Work, plan: &Plan) -> Self {
        let (sender, receiver) = match plan.capacity {
            0 => unbounded(),
            capacity => bounded(capacity),
        };
        Channels {
            sender: Some(sender),
            slots: plan.slots as usize,
            clients: plan.clients,
            thread: spawn(move || serve(work, receiver)),
        }
    }

    /// The last one takes the server's own end, so that the channel closes with the clients.
    fn client(&mut self) -> ChannelsClient {
        self.clients -= 1;
        let sender = match self.clients {
            0 => self.sender.take(),
            _ => self.sender.clone(),
        };
        ChannelsClient {
            sender: sender.expect("as many clients as planned"),
            replies: (0..self.slots).map(|_| bounded(1)).collect(),
        }
    }

    fn join(self) {
        self.thread.join().expect("the server ended well")
    }
}

impl Client for ChannelsClient {
    fn post(&mut self, msg: Message) {
        assert!(self.sender.send(Mail::Post(msg)).is_ok())
    }

    fn send(&mut self, slot: usize, msg: Message) {
        let to = self.replies[slot].0.clone();
        assert!(self.sender.send(Mail::Request(msg, to)).is_ok())
    }

    fn receive(&mut self, slot: usize) -> Message {
        self.replies[slot].1.recv().expect("a reply")
    }
}

#[cfg(not(feature = "flume"))]
bench::the_peer!("crossbeam", Channels);
#[cfg(feature = "flume")]
bench::the_peer!("flume", Channels);
