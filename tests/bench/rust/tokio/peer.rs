// SPDX-License-Identifier: 0BSD
//! tokio: an asynchronous server on a current-thread runtime of its own thread, its mpsc channels,
//! and a oneshot for each reply; clients are threads that block.  With the feature `io` the runtime
//! sleeps where it also waits for sockets, as an event loop does; without, on a condition.
use bench::{Client, Message, Plan, Server, Work};
use std::thread::{spawn, JoinHandle};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot};

enum Mail {
    Post(Message),
    Request(Message, oneshot::Sender<Message>),
}

#[derive(Clone)]
enum Sender {
    Any(mpsc::UnboundedSender<Mail>),
    Some(mpsc::Sender<Mail>),
}

enum Receiver {
    Any(mpsc::UnboundedReceiver<Mail>),
    Some(mpsc::Receiver<Mail>),
}

impl Receiver {
    async fn recv(&mut self) -> Option<Mail> {
        match self {
            Receiver::Any(receiver) => receiver.recv().await,
            Receiver::Some(receiver) => receiver.recv().await,
        }
    }
}

impl Sender {
    fn send(&self, mail: Mail) {
        let sent = match self {
            Sender::Any(sender) => sender.send(mail).is_ok(),
            Sender::Some(sender) => sender.blocking_send(mail).is_ok(),
        };
        assert!(sent, "the server is there")
    }
}

struct Tokio {
    sender: Option<Sender>,
    slots: usize,
    clients: u32,
    thread: JoinHandle<()>,
}

struct TokioClient {
    sender: Sender,
    replies: Vec<Option<oneshot::Receiver<Message>>>,
}

async fn serve(work: Work, mut mails: Receiver) {
    while let Some(mail) = mails.recv().await {
        match mail {
            Mail::Post(msg) => work.post(msg),
            Mail::Request(msg, to) => assert!(to.send(work.request(msg)).is_ok()),
        }
    }
}

fn run(work: Work, mails: Receiver) {
    let mut builder = Builder::new_current_thread();
    #[cfg(feature = "io")]
    builder.enable_io();
    let runtime = builder.build().expect("a runtime");
    runtime.block_on(serve(work, mails))
}

fn channel(capacity: usize) -> (Sender, Receiver) {
    if capacity == 0 {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Sender::Any(sender), Receiver::Any(receiver))
    } else {
        let (sender, receiver) = mpsc::channel(capacity);
        (Sender::Some(sender), Receiver::Some(receiver))
    }
}

impl Server for Tokio {
    type Client = TokioClient;

    fn open(work: Work, plan: &Plan) -> Self {
        let (sender, receiver) = channel(plan.capacity);
        Tokio {
            sender: Some(sender),
            slots: plan.slots as usize,
            clients: plan.clients,
            thread: spawn(move || run(work, receiver)),
        }
    }

    /// The last one takes the server's own end, so that the channel closes with the clients.
    fn client(&mut self) -> TokioClient {
        self.clients -= 1;
        let sender = match self.clients {
            0 => self.sender.take(),
            _ => self.sender.clone(),
        };
        TokioClient {
            sender: sender.expect("as many clients as planned"),
            replies: (0..self.slots).map(|_| None).collect(),
        }
    }

    fn join(self) {
        self.thread.join().expect("the server ended well")
    }
}

impl Client for TokioClient {
    fn post(&mut self, msg: Message) {
        self.sender.send(Mail::Post(msg))
    }

    fn send(&mut self, slot: usize, msg: Message) {
        let (to, reply) = oneshot::channel();
        self.replies[slot] = Some(reply);
        self.sender.send(Mail::Request(msg, to))
    }

    fn receive(&mut self, slot: usize) -> Message {
        let reply = self.replies[slot].take().expect("a request was sent");
        reply.blocking_recv().expect("a reply")
    }
}

#[cfg(not(feature = "io"))]
bench::the_peer!("tokio", Tokio);
#[cfg(feature = "io")]
bench::the_peer!("tokio-loop", Tokio);
