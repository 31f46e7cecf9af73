// SPDX-License-Identifier: 0BSD
//! What a peer in Rust needs of the harness: tests/bench/harness/bench.h, for messages of 8 bytes.
use std::ffi::c_void;
use std::os::raw::c_char;

/// A message or a reply.
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Message {
    pub number: u64,
}

/// What a server does with messages, and what it has seen: the harness's own.
#[derive(Clone, Copy)]
pub struct Work(*mut c_void);

// The harness lends it to one server at a time.
unsafe impl Send for Work {}

extern "C" {
    fn bench_request(work: *mut c_void, msg: *const Message, reply: *mut Message);
    fn bench_post(work: *mut c_void, msg: *const Message);
}

impl Work {
    /// # Safety
    /// `work` is what the harness gave to `open`.
    pub unsafe fn new(work: *mut c_void) -> Work {
        Work(work)
    }

    pub fn request(&self, msg: Message) -> Message {
        let mut reply = Message::default();
        unsafe { bench_request(self.0, &msg, &mut reply) };
        reply
    }

    pub fn post(&self, msg: Message) {
        unsafe { bench_post(self.0, &msg) }
    }
}

/// struct bench_plan
#[repr(C)]
pub struct Plan {
    pub posts: bool,
    pub capacity: usize,
    pub clients: u32,
    pub slots: u32,
}

/// struct bench_peer
#[repr(C)]
pub struct Peer {
    pub name: *const c_char,
    pub unbounded: bool,
    pub bounded: bool,
    pub open: extern "C" fn(*mut c_void, &Plan) -> *mut c_void,
    pub join: extern "C" fn(*mut c_void),
    pub client: extern "C" fn(*mut c_void) -> *mut c_void,
    pub client_end: extern "C" fn(*mut c_void),
    pub call: extern "C" fn(*mut c_void, &Message, &mut Message),
    pub post: extern "C" fn(*mut c_void, &Message),
    pub send: extern "C" fn(*mut c_void, u32, &Message),
    pub receive: extern "C" fn(*mut c_void, u32, &mut Message),
}

unsafe impl Sync for Peer {}

/// What each peer has: a server that can be joined, and clients.
pub trait Server: Sized {
    const BOUNDED: bool = true;
    type Client: Client;

    fn open(work: Work, plan: &Plan) -> Self;
    fn client(&mut self) -> Self::Client;
    /// All clients have been dropped.
    fn join(self);
}

pub trait Client {
    fn post(&mut self, msg: Message);
    fn send(&mut self, slot: usize, msg: Message);
    fn receive(&mut self, slot: usize) -> Message;

    fn call(&mut self, msg: Message) -> Message {
        self.send(0, msg);
        self.receive(0)
    }
}

// Between C's pointers and Rust's values.

pub extern "C" fn open<S: Server>(work: *mut c_void, plan: &Plan) -> *mut c_void {
    let server = S::open(unsafe { Work::new(work) }, plan);
    Box::into_raw(Box::new(server)).cast()
}

pub extern "C" fn join<S: Server>(server: *mut c_void) {
    unsafe { Box::from_raw(server.cast::<S>()) }.join()
}

pub extern "C" fn client<S: Server>(server: *mut c_void) -> *mut c_void {
    let server = unsafe { &mut *server.cast::<S>() };
    Box::into_raw(Box::new(server.client())).cast()
}

pub extern "C" fn client_end<S: Server>(client: *mut c_void) {
    drop(unsafe { Box::from_raw(client.cast::<S::Client>()) })
}

fn of<'a, S: Server>(client: *mut c_void) -> &'a mut S::Client {
    unsafe { &mut *client.cast::<S::Client>() }
}

pub extern "C" fn call<S: Server>(client: *mut c_void, msg: &Message, reply: &mut Message) {
    *reply = of::<S>(client).call(*msg)
}

pub extern "C" fn post<S: Server>(client: *mut c_void, msg: &Message) {
    of::<S>(client).post(*msg)
}

pub extern "C" fn send<S: Server>(client: *mut c_void, slot: u32, msg: &Message) {
    of::<S>(client).send(slot as usize, *msg)
}

pub extern "C" fn receive<S: Server>(client: *mut c_void, slot: u32, reply: &mut Message) {
    *reply = of::<S>(client).receive(slot as usize)
}

/// Defines `the_peer`: `the_peer!("name", Server)`.
#[macro_export]
macro_rules! the_peer {
    ($name:literal, $server:ty) => {
        #[no_mangle]
        #[allow(non_upper_case_globals)]
        pub static the_peer: $crate::Peer = $crate::Peer {
            name: concat!($name, "\0").as_ptr().cast(),
            unbounded: true,
            bounded: <$server as $crate::Server>::BOUNDED,
            open: $crate::open::<$server>,
            join: $crate::join::<$server>,
            client: $crate::client::<$server>,
            client_end: $crate::client_end::<$server>,
            call: $crate::call::<$server>,
            post: $crate::post::<$server>,
            send: $crate::send::<$server>,
            receive: $crate::receive::<$server>,
        };
    };
}
