// SPDX-License-Identifier: 0BSD
//! The library as Rust sees it, with nothing but `extern "C"`: its ABI, said once more.
//!
//! A server on a thread of its own gets requests and posts from two threads, and ends in both ways:
//! its handler breaks with a value, or its last client is dropped.
use std::ffi::CStr;
use std::mem::size_of;
use std::os::raw::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

const OK: c_int = 0;
const SERVER_GONE: c_int = -1;
const NO_REPLY: c_int = -2;
const TIMED_OUT: c_int = -5;
const INVALID: c_int = -7;
const NOW: i64 = 0;
const FOREVER: i64 = i64::MAX;

/// The handler's own code.
const OVERFLOW: c_int = 1;
/// An operand that makes the handler forget the request.
const FORGET: c_int = 1000;
/// A note that makes it break.
const STOP: c_int = 99;

#[repr(C)]
struct Type {
    size: usize,
    drop: Option<extern "C" fn(*mut c_void)>,
}

#[repr(C)]
struct Config {
    request: Type,
    reply: Type,
    post: Type,
    name: *const c_char,
    stack_size: usize,
    capacity: usize,
    slow_limit: i64,
    slow_handler: Option<extern "C" fn(*mut c_void, i64, bool)>,
    slow_arg: *mut c_void,
    budget: usize,
    threads: *mut c_void,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Flow {
    stop: bool,
    value: *mut c_void,
}

type Rc = *mut c_void;

#[repr(C)]
struct Handler {
    this: *mut c_void,
    init: Option<extern "C" fn(*mut c_void, *mut c_void) -> c_int>,
    request: Option<extern "C" fn(*mut c_void, *const c_void, *mut Rc) -> Flow>,
    post: Option<extern "C" fn(*mut c_void, *const c_void) -> Flow>,
    leftover: Option<extern "C" fn(*mut c_void, *const c_void, *mut Rc)>,
    term: Option<extern "C" fn(*mut c_void, Flow) -> Flow>,
    drop: Option<extern "C" fn(*mut c_void)>,
}

type Builder = extern "C" fn(*mut c_void, *mut c_void, *mut Handler) -> c_int;

#[link(name = "ump_server")]
extern "C" {
    fn ump_version() -> u32;
    fn ump_strerror(result: c_int) -> *const c_char;
    fn ump_after(ns: i64) -> i64;
    fn ump_spawn_thread_sized(
        config: *const Config,
        config_size: usize,
        handler_size: usize,
        builder: Builder,
        arg: *mut c_void,
        client: *mut *mut c_void,
        thread: *mut *mut c_void,
    ) -> c_int;
    fn ump_thread_join(thread: *mut *mut c_void, how: *mut Flow, deadline: i64) -> c_int;
    fn ump_client_clone(client: *const c_void, out: *mut *mut c_void) -> c_int;
    fn ump_client_drop(client: *mut *mut c_void);
    fn ump_client_req(
        client: *const c_void,
        msg: *const c_void,
        reply: *mut c_void,
        deadline: i64,
    ) -> c_int;
    fn ump_client_req_async(
        client: *const c_void,
        msg: *const c_void,
        out: *mut *mut c_void,
    ) -> c_int;
    fn ump_client_post(client: *const c_void, msg: *const c_void) -> c_int;
    fn ump_wait_reply_wait(wait: *mut *mut c_void, reply: *mut c_void, deadline: i64) -> c_int;
    fn ump_reply(rc: *mut Rc, value: *const c_void) -> c_int;
    fn ump_reply_fail(rc: *mut Rc, code: c_int) -> c_int;
}

#[repr(C)]
struct Add {
    a: c_int,
    b: c_int,
}

/// Of another size than a reply, so that the two cannot be taken for each other.
#[repr(C)]
struct Note {
    text: [u8; 20],
    number: c_int,
}

impl Note {
    fn new(number: c_int) -> Note {
        Note { text: *b"a note to the adder.", number }
    }
}

/// The handler's self.  Boxed by the builder, and given back by `drop`, or by `term` to join.
#[derive(Default)]
struct Adder {
    refuses: bool,
    inits: u32,
    sums: u32,
    notes: Vec<c_int>,
    left: u32,
}

unsafe fn adder<'a>(this: *mut c_void) -> &'a mut Adder {
    &mut *(this as *mut Adder)
}

const GO_ON: Flow = Flow { stop: false, value: null_mut() };

extern "C" fn init(this: *mut c_void, me: *mut c_void) -> c_int {
    let this = unsafe { adder(this) };
    this.inits += 1;
    if me.is_null() || this.refuses { 42 } else { 0 }
}

extern "C" fn request(this: *mut c_void, msg: *const c_void, rc: *mut Rc) -> Flow {
    let add = unsafe { &*(msg as *const Add) };
    unsafe { adder(this) }.sums += 1;
    if add.a == FORGET {
        return GO_ON;
    }
    match add.a.checked_add(add.b) {
        Some(sum) => unsafe { ump_reply(rc, &sum as *const c_int as *const c_void) },
        None => unsafe { ump_reply_fail(rc, OVERFLOW) },
    };
    GO_ON
}

extern "C" fn post(this: *mut c_void, msg: *const c_void) -> Flow {
    let note = unsafe { &*(msg as *const Note) };
    check("the post is whole", note.text == Note::new(0).text);
    unsafe { adder(this) }.notes.push(note.number);
    Flow { stop: note.number == STOP, value: this }
}

extern "C" fn leftover(this: *mut c_void, _msg: *const c_void, _rc: *mut Rc) {
    unsafe { adder(this) }.left += 1;
}

/// What join returns: what the handler found out.
extern "C" fn term(this: *mut c_void, how: Flow) -> Flow {
    let this = unsafe { adder(this) };
    let found = Box::new((how.stop, std::mem::take(this)));
    Flow { stop: how.stop, value: Box::into_raw(found) as *mut c_void }
}

extern "C" fn drop_adder(this: *mut c_void) {
    drop(unsafe { Box::from_raw(this as *mut Adder) });
}

extern "C" fn build(arg: *mut c_void, client: *mut c_void, out: *mut Handler) -> c_int {
    let posts = unsafe { &*(arg as *const Vec<c_int>) };
    for number in posts {
        let note = Note::new(*number);
        check("the builder posts", unsafe { ump_client_post(client, pointer(&note)) } == OK);
    }
    let this = Box::new(Adder { refuses: posts.is_empty(), ..Adder::default() });
    unsafe {
        *out = Handler {
            this: Box::into_raw(this) as *mut c_void,
            init: Some(init),
            request: Some(request),
            post: Some(post),
            leftover: Some(leftover),
            term: Some(term),
            drop: Some(drop_adder),
        }
    };
    0
}

fn pointer<T>(value: &T) -> *const c_void {
    value as *const T as *const c_void
}

static PASSED: AtomicU32 = AtomicU32::new(0);

/// Ends the program, from any thread, where a check fails.
fn check(what: &str, is_so: bool) {
    PASSED.fetch_add(1, Ordering::Relaxed);
    if !is_so {
        eprintln!("adder.rs: not true: {what}");
        std::process::exit(1);
    }
}

/// A strong client, which several threads may use at once.
struct Client(*mut c_void);
unsafe impl Send for Client {}
unsafe impl Sync for Client {}

impl Client {
    fn add(&self, a: c_int, b: c_int, deadline: i64) -> Result<c_int, c_int> {
        let mut sum: c_int = 0;
        let reply = &mut sum as *mut c_int as *mut c_void;
        match unsafe { ump_client_req(self.0, pointer(&Add { a, b }), reply, deadline) } {
            OK => Ok(sum),
            code => Err(code),
        }
    }
    fn post(&self, number: c_int) -> c_int {
        unsafe { ump_client_post(self.0, pointer(&Note::new(number))) }
    }
    fn later(&self, a: c_int, b: c_int) -> *mut c_void {
        let mut wait = null_mut();
        let code = unsafe { ump_client_req_async(self.0, pointer(&Add { a, b }), &mut wait) };
        check("a request without waiting", code == OK);
        wait
    }
}

impl Clone for Client {
    fn clone(&self) -> Client {
        let mut out = null_mut();
        check("a clone", unsafe { ump_client_clone(self.0, &mut out) } == OK);
        Client(out)
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        unsafe { ump_client_drop(&mut self.0) }
    }
}

/// Spawn a server whose builder posts these; without any, its `init` refuses.
fn spawn(posts: &Vec<c_int>) -> Result<(Client, *mut c_void), c_int> {
    let none = || Type { size: 0, drop: None };
    let config = Config {
        request: Type { size: size_of::<Add>(), ..none() },
        reply: Type { size: size_of::<c_int>(), ..none() },
        post: Type { size: size_of::<Note>(), ..none() },
        name: b"adder\0".as_ptr() as *const c_char,
        stack_size: 1 << 18,
        capacity: 0,
        slow_limit: 0,
        slow_handler: None,
        slow_arg: null_mut(),
        budget: 0,
        threads: null_mut(),
    };
    let (mut client, mut thread) = (null_mut(), null_mut());
    let arg = pointer(posts) as *mut c_void;
    match unsafe {
        ump_spawn_thread_sized(
            &config,
            size_of::<Config>(),
            size_of::<Handler>(),
            build,
            arg,
            &mut client,
            &mut thread,
        )
    } {
        OK => Ok((Client(client), thread)),
        code => Err(code),
    }
}

fn wait(mut wait: *mut c_void) -> Result<c_int, c_int> {
    let mut sum: c_int = 0;
    let reply = &mut sum as *mut c_int as *mut c_void;
    match unsafe { ump_wait_reply_wait(&mut wait, reply, FOREVER) } {
        OK => Ok(sum),
        code => Err(code),
    }
}

/// Whether the loop ended by a break, and what its handler found out.
fn join(mut thread: *mut c_void) -> (bool, Adder) {
    let mut how = GO_ON;
    check("join", unsafe { ump_thread_join(&mut thread, &mut how, FOREVER) } == OK);
    check("a handle that was joined is NULL", thread.is_null());
    let (stopped, adder) = *unsafe { Box::from_raw(how.value as *mut (bool, Adder)) };
    check("term and join say the same", stopped == how.stop);
    (stopped, adder)
}

fn ends_without_clients() {
    let (client, handle) = spawn(&vec![5]).expect("a server");
    let other = client.clone();
    let adds = thread::spawn(move || {
        let right = |i| other.add(i, 7, FOREVER) == Ok(i + 7);
        check("the sums of another thread", (0..900).all(right));
    });
    let soon = unsafe { ump_after(60_000_000_000) };
    check("a request", client.add(3, 7, FOREVER) == Ok(10));
    check("before a deadline", client.add(-3, 7, soon) == Ok(4));
    check("the handler's own code", client.add(c_int::MAX, 1, FOREVER) == Err(OVERFLOW));
    check("a forgotten request", client.add(FORGET, 0, FOREVER) == Err(NO_REPLY));
    check("a deadline that has passed", client.add(1, 1, NOW) == Err(TIMED_OUT));
    check("an answer that is had later", wait(client.later(20, 3)) == Ok(23));
    check("a post", client.post(6) == OK);
    adds.join().expect("a thread");
    drop(client);
    let (stopped, adder) = join(handle);
    check("the server ended without a break", !stopped);
    check("init ran once", adder.inits == 1);
    check("each request came in", adder.sums == 905);
    check("each post came in", adder.notes == [5, 6]);
}

fn breaks_with_a_value() {
    let (client, handle) = spawn(&vec![1, STOP, 2, 3]).expect("a server");
    let (stopped, adder) = join(handle);
    check("the server broke", stopped);
    check("nothing was handled after the break", adder.notes == [1, STOP]);
    check("what was left was handed over", adder.left == 2);
    check("a request to none", client.add(1, 1, FOREVER) == Err(SERVER_GONE));
    check("a post to none", client.post(1) == SERVER_GONE);
}

fn main() {
    check("the library has a version", unsafe { ump_version() } > 0);
    let text = unsafe { CStr::from_ptr(ump_strerror(SERVER_GONE)) };
    check("texts", text.to_str().map_or(false, |text| !text.is_empty()));
    ends_without_clients();
    breaks_with_a_value();
    check("init's code is spawn's", spawn(&vec![]).err() == Some(42));
    check("nothing to join", unsafe { ump_thread_join(&mut null_mut(), null_mut(), NOW) } == INVALID);
    println!("{} passed, 0 failed (Rust)", PASSED.load(Ordering::Relaxed));
}
