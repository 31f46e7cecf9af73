// SPDX-License-Identifier: 0BSD
//! Several threads that receive from one unbounded channel: tests/bench/harness/workers.h.
use crossbeam_channel::{unbounded, Receiver, Sender};
use std::ffi::c_void;
use std::os::raw::c_char;
use std::thread::{spawn, JoinHandle};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Message {
    number: u64,
}

extern "C" {
    fn bench_job(jobs: *mut c_void, worker: u32, msg: *const Message);
}

/// struct bench_jobs; the harness lends it to the workers.
#[derive(Clone, Copy)]
struct Jobs(*mut c_void);

unsafe impl Send for Jobs {}

impl Jobs {
    fn work(self, worker: u32, receiver: Receiver<Message>) {
        for msg in receiver {
            unsafe { bench_job(self.0, worker, &msg) }
        }
    }
}

struct Server {
    sender: Option<Sender<Message>>,
    clients: u32,
    threads: Vec<JoinHandle<()>>,
}

extern "C" fn open(jobs: *mut c_void, workers: u32, clients: u32) -> *mut c_void {
    let (sender, receiver) = unbounded();
    let jobs = Jobs(jobs);
    let threads = (0..workers)
        .map(|worker| {
            let receiver = receiver.clone();
            spawn(move || jobs.work(worker, receiver))
        })
        .collect();
    let sender = Some(sender);
    Box::into_raw(Box::new(Server { sender, clients, threads })).cast()
}

extern "C" fn join(server: *mut c_void) {
    let server = unsafe { Box::from_raw(server.cast::<Server>()) };
    for thread in server.threads {
        thread.join().expect("the worker ended well")
    }
}

/// The last one takes the server's own end, so that the channel closes with the clients.
extern "C" fn client(server: *mut c_void) -> *mut c_void {
    let server = unsafe { &mut *server.cast::<Server>() };
    server.clients -= 1;
    let sender = match server.clients {
        0 => server.sender.take(),
        _ => server.sender.clone(),
    };
    Box::into_raw(Box::new(sender.expect("as many clients as planned"))).cast()
}

extern "C" fn client_end(client: *mut c_void) {
    drop(unsafe { Box::from_raw(client.cast::<Sender<Message>>()) })
}

extern "C" fn post(client: *mut c_void, msg: &Message) {
    let sender = unsafe { &*client.cast::<Sender<Message>>() };
    assert!(sender.send(*msg).is_ok())
}

/// struct bench_peer, of which only the name is used.
#[repr(C)]
pub struct Peer {
    name: *const c_char,
    unbounded: bool,
    bounded: bool,
    functions: [usize; 8],
}

/// struct bench_workers_peer
#[repr(C)]
pub struct WorkersPeer {
    open: extern "C" fn(*mut c_void, u32, u32) -> *mut c_void,
    join: extern "C" fn(*mut c_void),
    client: extern "C" fn(*mut c_void) -> *mut c_void,
    client_end: extern "C" fn(*mut c_void),
    post: extern "C" fn(*mut c_void, &Message),
}

unsafe impl Sync for Peer {}

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static the_peer: Peer = Peer {
    name: "crossbeam-workers\0".as_ptr().cast(),
    unbounded: true,
    bounded: false,
    functions: [0; 8],
};

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static the_workers: WorkersPeer = WorkersPeer { open, join, client, client_end, post };
