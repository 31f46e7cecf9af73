// SPDX-License-Identifier: 0BSD
/**
 * @file ump_server.hpp
 * The C++ interface of ump-server: header-only, C++17, over ump_server.h, whose promises hold here
 * too.
 *
 * @code
 * struct adder : ump::protocol<add, std::string, std::string> {};
 *
 * class clerk : public ump::handler<adder> {
 *         flow request(add msg, reply_context rc) override
 *         {
 *                 rc.reply(std::to_string(msg.a + msg.b));
 *                 return ump::go_on;
 *         }
 *         flow post(std::string note) override { return ump::go_on; }
 * };
 *
 * auto server = ump::spawn_thread(std::make_unique<clerk>());
 * if (server) {
 *         ump::result<std::string> sum = server->client.request(add{3, 7});
 * @endcode
 *
 * An event loop sends requests without waiting:
 *
 * @code
 * auto answers = ump::open_completions();
 * auto sent = client.request_completion(add{3, 7}, *answers,
 *         [](ump::result<std::string> sum) { std::puts(sum ? sum->c_str() : "no sum"); });
 * // Whenever answers->fd() is readable:
 * while (answers->next()) {
 * }
 * @endcode
 *
 * Each class and function does what its namesake in ump_server.h does.  That header states which
 * calls block, which threads may make them, and what each code means.  C++ adds:
 *
 * - Handles are move-only, and drop themselves.  clone() makes another handle, and may fail.  A
 *   moved-from or default-constructed handle is empty; calls on it return UMP_INVALID.  get() lends
 *   the handle of ump_server.h, release() transfers it.  The destructor of a thread's handle does
 *   not wait, as ump_thread_drop does not: the thread continues.  Only join() waits.
 * - Messages are values of any type whose moves and destructor do not throw.  A trivially copyable
 *   value (copy-constructible, aligned to at most UMP_ALIGN_MOST) is copied.  Any other travels as
 *   a pointer: to the sender's own value if the sender waits without a deadline, else to a box
 *   allocated with new, into which the value is moved.  Each value is destroyed exactly once,
 *   whatever the result.
 * - A value passed as an rvalue is taken over unless the result means that nothing was sent: after
 *   UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY or UMP_INVALID, for instance, the sender still has it.
 *   The sender also still has it after UMP_TIMED_OUT of a call that waits only for a permit.  (The
 *   value may have been moved out and back, so the sender must not rely on addresses inside it.)  A
 *   request that was sent without waiting and is never started is held for its sender, which gets
 *   it from wait_reply::take_back(), or as the second argument of its callable.  It is destroyed if
 *   its sender is gone.  A value passed as a constant is copied; if the copy throws, the exception
 *   leaves the call, which has sent nothing.
 * - The handler receives values by value: it owns them from the start, and they stay valid after
 *   the request is answered.
 * - Results are ump::result<T>, a value or an ump::error.
 * - Callbacks are virtual functions.  An exception must not leave a callback: it ends the program,
 *   as one that leaves a thread's function does.  A message on the standard error output names the
 *   callback, the handler's type and the exception's what(), and std::terminate is called.
 *   Exceptions never pass through the C library.  If the library or this header cannot allocate,
 *   the result is UMP_NO_MEMORY, never std::bad_alloc (but make_handler() throws that).  Otherwise
 *   this header itself throws only bad_result, from result::value(), `*` and `->`.
 * - An answer through completions is passed to a callable, which takes the place of C's tag in the
 *   request.  next() and wait() call it and propagate what it throws.  A callable passed as an
 *   rvalue is taken over only if the call succeeds; otherwise the caller still has it, unchanged.
 *   A callable whose move may throw is copied instead of moved; one that cannot be copied either is
 *   taken over in any case.  If the copy or the move throws, the exception leaves the call, which
 *   has sent nothing.
 * - Code that makes a strong client need not call ump_here(): ump::place does.
 * - Macros of other headers, such as Qt's `signals`, do not affect this one.
 */

// Contents
//
// A section begins with a line "// ----" and its title, exactly as it stands here.  On the right
// are its public names.
//
//   Values and protocols    none, protocol
//   Results and errors      error, bad_result, result
//   Time and deadlines      at_once, never, after
//   Handles                 base::owner, place
//   Completions             completions, open_completions
//   Delayed posts           delayed
//   Clients                 client, weak_client, post_client, wait_reply
//   Handlers                handler, make_handler, go_on, pending, stop, flow, reply_context,
//                           leftover, suspension
//   Spawning servers        server, spawn_thread, thread, base::runner, join_dropped
//   Tasks                   task_server, spawn_task, task
//   Combining servers       combining_server, spawn_combining, combining
//   Workers                 workers_server, spawn_workers, spawn_workers_by_key, workers
//   Thread pools            thread_pool, open_thread_pool
//   Raw channels            message, receiver, channel, open_channel
//   Looking inside          dump
//
// A reader may skip details: what follows a line "// -- Details", up to the next title or
// "// -- End of details".

#ifndef UMP_SERVER_HPP
#define UMP_SERVER_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "ump_server.hpp needs C++17: compile with -std=c++17 or a later standard"
#else

// Names that other headers define as macros: Qt (emit, signals, slots, foreach), curses
// (box, clear, move), and a few systems.  The end of this header restores the macros.
#pragma push_macro("box")
#pragma push_macro("bytes")
#pragma push_macro("check")
#pragma push_macro("clear")
#pragma push_macro("count")
#pragma push_macro("emit")
#pragma push_macro("exception")
#pragma push_macro("foreach")
#pragma push_macro("index")
#pragma push_macro("leave")
#pragma push_macro("max")
#pragma push_macro("min")
#pragma push_macro("move")
#pragma push_macro("remove")
#pragma push_macro("send")
#pragma push_macro("signals")
#pragma push_macro("slots")
#pragma push_macro("value")
#undef box
#undef bytes
#undef check
#undef clear
#undef count
#undef emit
#undef exception
#undef foreach
#undef index
#undef leave
#undef max
#undef min
#undef move
#undef remove
#undef send
#undef signals
#undef slots
#undef value

#include "ump_server.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

namespace ump
{

// ---- Values and protocols ---------------------------------------------------------------------

/// Placeholder for a kind of message without values.
struct none {
};

/**
 * The types of a server's values, or none.  `Outcome` is the type of the value with which its loop
 * may end, and `Code` (int, or an enumeration) that of its handler's own codes, above 0.  A
 * protocol should be derived from this: then two servers with the same message types have distinct
 * types.
 */
template <class Request, class Reply = none, class Post = none, class Outcome = none,
	class Code = int>
struct protocol {
	/// Values of requests, or none.
	using request = Request;
	/// Values of replies, or none.
	using reply = Reply;
	/// Values of posts, or none.
	using post = Post;
	/// The value with which the loop may end, or none.
	using outcome = Outcome;
	/// The handler's own codes.
	using code = Code;
};

// -- Details: which kinds have values, and which values travel as bytes -------------------------

namespace detail
{

// Whether T stands for a kind of message without values.
template <class T> inline constexpr bool is_none = std::is_same_v<T, none>;

// Whether values of T are bytes that the C library may copy.
template <class T>
inline constexpr bool is_plain = (std::is_trivially_copyable_v<T>)&&(
	std::is_copy_constructible_v<T>)&&(alignof(T) <= UMP_ALIGN_MOST);

} // namespace detail

// ---- Results and errors -----------------------------------------------------------------------

/// A result code other than UMP_OK.
class error
{
      public:
	/// One of the library's codes.
	constexpr error(ump_result code) noexcept : code_(code)
	{
	}
	/// Any code.
	constexpr explicit error(int code) noexcept : code_(code)
	{
	}
	/// The number, as ump_server.h has it.
	constexpr int code() const noexcept
	{
		return code_;
	}
	/// Whether it is the handler's own code; as() converts it to the protocol's type.
	constexpr bool is_own() const noexcept
	{
		return code_ > 0;
	}
	/// The code as another type.
	template <class Code> constexpr Code as() const noexcept
	{
		return static_cast<Code>(code_);
	}
	/// Its description, from ump_strerror.
	const char *message() const noexcept
	{
		return ump_strerror(code_);
	}
	/// Whether the codes are equal.
	friend constexpr bool operator==(error left, error right) noexcept
	{
		return left.code_ == right.code_;
	}
	/// Whether the codes differ.
	friend constexpr bool operator!=(error left, error right) noexcept
	{
		return left.code_ != right.code_;
	}

      private:
	int code_;
};

/// Thrown by result::value() if there is no value.
class bad_result : public std::exception
{
      public:
	/// `why` is the reason that there is no value.
	explicit bad_result(error why) noexcept : why_(why)
	{
	}
	/// Its description, from ump_strerror.
	const char *what() const noexcept override
	{
		return why_.message();
	}
	/// The error itself.
	error why() const noexcept
	{
		return why_;
	}

      private:
	error why_;
};

namespace detail
{

// Throw bad_result.
[[noreturn]] inline void no_value(error why);

} // namespace detail

/**
 * A value or an error, like std::expected of C++23.  Access to a missing value throws bad_result,
 * or aborts if exceptions are disabled.
 */
template <class T> class result
{
      public:
	/// A value.
	result(T value) : state_(std::in_place_index<0>, std::move(value))
	{
	}
	/// An error.
	result(ump::error why) noexcept : state_(std::in_place_index<1>, why)
	{
	}
	/// Whether there is a value.
	bool has_value() const noexcept
	{
		return state_.index() == 0;
	}
	/// Whether there is a value.
	explicit operator bool() const noexcept
	{
		return has_value();
	}
	/// Return the value, or throw bad_result.
	T &value() &
	{
		check();
		return *std::get_if<0>(&state_);
	}
	/// Return the value, or throw bad_result.
	const T &value() const &
	{
		check();
		return *std::get_if<0>(&state_);
	}
	/// Return the value, or throw bad_result.
	T &&value() &&
	{
		check();
		return std::move(*std::get_if<0>(&state_));
	}
	/// Return the value, or throw bad_result.
	T &operator*() &
	{
		return value();
	}
	/// Return the value, or throw bad_result.
	const T &operator*() const &
	{
		return value();
	}
	/// Return the value, or throw bad_result.
	T &&operator*() &&
	{
		return std::move(*this).value();
	}
	/// Access a member of the value, or throw bad_result.
	T *operator->()
	{
		return std::addressof(value());
	}
	/// Access a member of the value, or throw bad_result.
	const T *operator->() const
	{
		return std::addressof(value());
	}
	/// Return the value, or `other` if there is none.
	template <class U> T value_or(U &&other) &&
	{
		return has_value() ? std::move(*this).value()
				   : static_cast<T>(std::forward<U>(other));
	}
	/// The error; UMP_OK if there is a value.
	ump::error error() const noexcept
	{
		return has_value() ? ump::error(UMP_OK) : *std::get_if<1>(&state_);
	}

      private:
	void check() const
	{
		if (!has_value())
			detail::no_value(*std::get_if<1>(&state_));
	}

	std::variant<T, ump::error> state_;
};

/// Success, or an error.
template <> class result<void>
{
      public:
	result() noexcept = default;
	/// An error.
	result(ump::error why) noexcept : why_(why)
	{
	}
	/// Whether the call succeeded.
	bool has_value() const noexcept
	{
		return why_ == UMP_OK;
	}
	/// Whether the call succeeded.
	explicit operator bool() const noexcept
	{
		return has_value();
	}
	/// Throw bad_result unless the call succeeded.
	void value() const
	{
		if (!has_value())
			detail::no_value(why_);
	}
	/// The error; UMP_OK if the call succeeded.
	ump::error error() const noexcept
	{
		return why_;
	}

      private:
	ump::error why_ = UMP_OK;
};

// -- Details: results from codes ----------------------------------------------------------------

namespace detail
{

[[noreturn]] inline void no_value(error why)
{
#if defined(__cpp_exceptions)
	throw bad_result(why);
#else
	static_cast<void>(why);
	std::abort();
#endif
}

// The answer to a request whose replies are of type T.
template <class T> using answer = result<std::conditional_t<is_none<T>, void, T>>;

// The result of a call that makes nothing.
inline result<void> done(int code) noexcept
{
	return error(code);
}

// The result of a call that makes a handle.
template <class Handle> result<Handle> made(int code, typename Handle::raw *handle) noexcept
{
	if (code != UMP_OK)
		return error(code);
	return Handle(handle);
}

// The statistics of a server.
template <class Handle, class Count>
result<ump_stats> counted(Count count, const Handle *handle) noexcept
{
	ump_stats stats = ump_stats();
	int code = count(handle, &stats);

	if (code != UMP_OK)
		return error(code);
	return stats;
}

} // namespace detail

// ---- Time and deadlines -----------------------------------------------------------------------

/// A deadline in the past: UMP_NOW, without C's cast.
inline constexpr ump_time at_once = 0;
/// A deadline that never comes, the greatest ump_time: UMP_FOREVER, without C's cast.
inline constexpr ump_time never = INT64_MAX;

/// The deadline `wait` from now; ump_after.  A deadline beyond ump_time is never; a negative `wait`
/// gives at_once.
template <class Rep, class Period> ump_time after(std::chrono::duration<Rep, Period> wait) noexcept
{
	using seconds = std::chrono::duration<double>;
	using nanoseconds = std::chrono::duration<std::int64_t, std::nano>;

	// A century below the limit of ump_time, so that rounding cannot matter.
	if (std::chrono::duration_cast<seconds>(wait) > seconds(6.0e9))
		return never;
	if (std::chrono::duration_cast<seconds>(wait) < seconds(0))
		return at_once;
	return ump_after(std::chrono::duration_cast<nanoseconds>(wait).count());
}

// ---- Handles ----------------------------------------------------------------------------------

/// Bases of the classes below; to be used through those.
namespace base
{

/// The base of all handles: a single owner, move-only.
template <class Raw, void (*Drop)(Raw **)> class owner
{
      public:
	/// The handle's type in ump_server.h.
	using raw = Raw;

	/// An empty handle.
	owner() noexcept = default;
	/// Take ownership of a handle of ump_server.h.
	explicit owner(Raw *handle) noexcept : handle_(handle)
	{
	}
	/// Move; the source becomes empty.
	owner(owner &&other) noexcept : handle_(other.release())
	{
	}
	/// Move; the handle held before is dropped.
	owner &operator=(owner &&other) noexcept
	{
		if (this != &other) {
			reset();
			handle_ = other.release();
		}
		return *this;
	}
	~owner()
	{
		reset();
	}
	/// Whether there is a handle.
	explicit operator bool() const noexcept
	{
		return handle_ != nullptr;
	}
	/// The handle of ump_server.h, lent.
	Raw *get() const noexcept
	{
		return handle_;
	}
	/// Transfer the handle of ump_server.h to the caller.
	[[nodiscard]] Raw *release() noexcept
	{
		return std::exchange(handle_, nullptr);
	}
	/// Drop the handle now.
	void reset() noexcept
	{
		Drop(&handle_);
	}

      protected:
	/// The handle, or null.
	Raw *handle_ = nullptr;
};

} // namespace base

/**
 * The place where a strong client is created, which ump_server_dump() reports; see ump_here().
 * Functions that create one take it as their last parameter.  The default is the place of the call;
 * a wrapper may pass on that of its own caller.
 */
class place
{
      public:
	/// The place of the call, also if this is itself a default argument.
	static constexpr place current(
		const char *file = __builtin_FILE(), int line = __builtin_LINE()) noexcept
	{
		return place(file, line);
	}
	/// ump_here.
	void note() const noexcept
	{
		ump_here(file_, line_);
	}

      private:
	constexpr place(const char *file, int line) noexcept : file_(file), line_(line)
	{
	}

	const char *file_;
	int line_;
};

// ---- Completions ------------------------------------------------------------------------------

// This section precedes the clients because their functions call `completions`, which is not a
// template and must be complete there.

template <class P> class client;

// -- Details: the list of pending callables, which completions hold -----------------------------

namespace detail
{

// A pending callable, in the list of its completions.
class waiting
{
      public:
	waiting() noexcept = default;
	waiting(const waiting &) = delete;
	waiting &operator=(const waiting &) = delete;
	virtual ~waiting()
	{
		if (gone != nullptr)
			*gone = true;
	}
	// Deliver the result; `reply` is lent.  `flow`: as keep_flow()'s `to`.
	virtual void complete(int code, const void *reply, void *flow) = 0;

	// Set on destruction, for the call that sends; null after that call.
	bool *gone = nullptr;
	// The number of a handler's request.
	std::uint64_t number = 0;

      private:
	friend class waiting_list;
	waiting *next_ = nullptr;
	waiting **link_ = nullptr; // the pointer to this
};

// Makes watches; below.
struct watching;

// The owner of all pending callables: those without an answer are destroyed with it.
class waiting_list
{
      public:
	waiting_list() noexcept = default;
	waiting_list(waiting_list &&other) noexcept
	{
		take(other);
	}
	waiting_list &operator=(waiting_list &&other) noexcept
	{
		if (this != &other) {
			clear();
			take(other);
		}
		return *this;
	}
	~waiting_list()
	{
		clear();
	}
	void add(waiting *one) noexcept
	{
		one->next_ = first_;
		one->link_ = &first_;
		if (first_ != nullptr)
			first_->link_ = &one->next_;
		first_ = one;
	}
	static std::unique_ptr<waiting> remove(waiting *one) noexcept
	{
		*one->link_ = one->next_;
		if (one->next_ != nullptr)
			one->next_->link_ = one->link_;
		return std::unique_ptr<waiting>(one);
	}
	// Return the one with this number, which must be pending.
	waiting *find(std::uint64_t number) const noexcept
	{
		waiting *one = first_;

		while (one->number != number)
			one = one->next_;
		return one;
	}
	void clear() noexcept
	{
		while (first_ != nullptr)
			remove(first_);
	}

      private:
	void take(waiting_list &other) noexcept
	{
		first_ = std::exchange(other.first_, nullptr);
		if (first_ != nullptr)
			first_->link_ = &first_;
	}

	waiting *first_ = nullptr;
};

} // namespace detail

// -- End of details -----------------------------------------------------------------------------

/**
 * A completion queue, for the answers to an event loop's requests to any servers; ump_completions.
 * Its destructor abandons everything in flight, and destroys the callables without calling them.
 * This header uses the tags: get() must not be passed to functions of ump_server.h that send or
 * receive.
 */
class completions : private base::owner<ump_completions, ump_completions_drop>
{
	using owner = base::owner<ump_completions, ump_completions_drop>;
	template <class P> friend class client;
	friend struct detail::watching;
	friend result<completions> open_completions() noexcept;

      public:
	completions() noexcept = default;

	using owner::get;
	using owner::operator bool;

	/// ump_completions_fd.
	int fd() const noexcept
	{
		return ump_completions_fd(get());
	}
	/// ump_completions_in_flight.
	std::size_t in_flight() const noexcept
	{
		return ump_completions_in_flight(get());
	}
	/// ump_completions_due: an event loop must call next() then.
	ump_time due() const noexcept
	{
		return ump_completions_due(get());
	}
	/// ump_completions_cancel: the callable gets UMP_CANCELLED.  UMP_EMPTY: too late.
	[[nodiscard]] result<void> cancel(std::uint64_t id) noexcept
	{
		int code = ump_completions_cancel(get(), id);

		if (code != UMP_OK)
			return error(code);
		return {};
	}
	/// Pass the next answer that has arrived to its callable; ump_completions_next.  The
	/// callable may send again through these completions, and may destroy them.
	[[nodiscard]] result<void> next()
	{
		ump_completion got = ump_completion();
		int code = ump_completions_next(get(), &got);

		return tell(code, got);
	}
	/// The same, but wait for an answer; ump_completions_wait.
	[[nodiscard]] result<void> wait(ump_time deadline = never)
	{
		ump_completion got = ump_completion();
		int code = ump_completions_wait(get(), &got, deadline);

		return tell(code, got);
	}
	/// ump_completions_drop.
	void reset() noexcept
	{
		owner::reset();
		waiting_.clear();
	}

      private:
	explicit completions(ump_completions *handle) noexcept : owner(handle)
	{
	}
	// The callable may destroy the completions: this function must not use them.
	static result<void> tell(int code, const ump_completion &got)
	{
		if (code != UMP_OK)
			return error(code);
		auto one = detail::waiting_list::remove(static_cast<detail::waiting *>(got.tag));

		one->complete(got.result, got.reply, nullptr);
		return {};
	}
	// List `one` as pending, and take its callable over if call(its tag) succeeds.  The call
	// may run the handler of a combining server, which may retrieve the answer: then `one` is
	// destroyed when the call returns, and this may be, too.
	template <class One, class Call> int wait_for(std::unique_ptr<One> one, Call call) noexcept
	{
		One *waits = one.release();
		bool gone = false;

		waits->gone = &gone;
		waiting_.add(waits);
		int code = call(static_cast<void *>(static_cast<detail::waiting *>(waits)));
		if (gone)
			return code;
		waits->gone = nullptr;
		if (code == UMP_OK)
			waits->take();
		else
			detail::waiting_list::remove(waits);
		return code;
	}

	detail::waiting_list waiting_;
};

/// ump_completions_open.
[[nodiscard]] inline result<completions> open_completions() noexcept
{
	ump_completions *out = nullptr;
	int code = ump_completions_open(&out);

	if (code != UMP_OK)
		return error(code);
	return completions(out);
}

// ---- Delayed posts -----------------------------------------------------------------------------

/// The controller of a delayed post.  Without it the post stays as it is.
class delayed : public base::owner<ump_delayed, ump_delayed_drop>
{
      public:
	using base::owner<ump_delayed, ump_delayed_drop>::owner;

	/// ump_delayed_cancel.
	result<void> cancel() const noexcept
	{
		return detail::done(ump_delayed_cancel(this->get()));
	}
	/// ump_delayed_pause.
	result<void> pause() const noexcept
	{
		return detail::done(ump_delayed_pause(this->get()));
	}
	/// ump_delayed_resume.
	result<void> resume() const noexcept
	{
		return detail::done(ump_delayed_resume(this->get()));
	}
	/// ump_delayed_set_period.
	result<void> set_period(
		std::chrono::duration<std::int64_t, std::nano> period) const noexcept
	{
		return detail::done(ump_delayed_set_period(this->get(), period.count()));
	}
};

// ---- Clients ----------------------------------------------------------------------------------

template <class P> class weak_client;
template <class P> class post_client;
template <class P> class wait_reply;

// -- Details, declared in advance ---------------------------------------------------------------

namespace detail
{

// A value in transit, and the deleter that drops a reference to it.
template <class T> class box;
struct leaver;

// One owner's reference to a box, or null.
template <class T> using share = std::unique_ptr<box<T>, leaver>;

// Owners of a sent value: its message; or its message and a requester that waits later.
constexpr unsigned char alone = 1;
constexpr unsigned char shared = 2;

// Whose value it is after a call.
inline bool took_request(int result) noexcept;
inline bool took_sent(int result) noexcept;
constexpr bool comes_back(int result) noexcept;

// How a value is sent, and an answer received.
template <unsigned char Owners, class T, class Took, class Send>
int send(T &value, Took took, Send send) noexcept;
template <class T, class Send> int lend(T &value, Send send) noexcept;
template <class T, class Call> answer<T> answered(Call call) noexcept;
template <class Outcome, class Stop> result<void> stopped(Outcome &how, Stop stop) noexcept;

// The callables that `completions` lists.
template <class P, class F, class Flow = void> class waits_for_answer;
template <class F> class waits_for_capacity;
template <bool Outcome, class F, class Flow = void> class waits_for_end;

// Watch the server of a client of any kind for the calling handler.
inline int watch_call(
	const ump_client *client, ump_answer_call *call, void *arg, std::uint64_t *id) noexcept
{
	return ump_client_watch_call(client, call, arg, id);
}
inline int watch_call(
	const ump_post_client *client, ump_answer_call *call, void *arg, std::uint64_t *id) noexcept
{
	return ump_post_client_watch_call(client, call, arg, id);
}
inline int watch_call(
	const ump_weak_client *weak, ump_answer_call *call, void *arg, std::uint64_t *id) noexcept
{
	return ump_weak_client_watch_call(weak, call, arg, id);
}

struct watching {
	// Pass `f` to a watch that watch(completion queue, tag) makes.
	template <bool Outcome, class F, class Watch>
	static result<void> make(completions &answers, F &&f, Watch watch)
	{
		return pass<waits_for_end<Outcome, std::decay_t<F>>>(
			answers, std::forward<F>(f), watch);
	}
	// The same in a pending callable of type `Waits`.
	template <class Waits, class F, class Watch>
	static result<void> pass(completions &answers, F &&f, Watch watch)
	{
		std::unique_ptr<Waits> one(new (std::nothrow) Waits(std::forward<F>(f)));

		if (one == nullptr)
			return error(UMP_NO_MEMORY);
		int code = answers.wait_for(
			std::move(one), [&](void *tag) { return watch(answers.get(), tag); });
		if (code != UMP_OK)
			return error(code);
		return {};
	}
};

} // namespace detail

// -- End of details -----------------------------------------------------------------------------

/// A strong client.
template <class P> class client : public base::owner<ump_client, ump_client_drop>
{
	using request_type = typename P::request;
	using reply_type = typename P::reply;
	using post_type = typename P::post;

      public:
	using base::owner<ump_client, ump_client_drop>::owner;

	/// ump_client_clone.
	[[nodiscard]] result<client> clone(place here = place::current()) const noexcept
	{
		here.note();
		ump_client *out = nullptr;
		int code = ump_client_clone(this->get(), &out);

		return detail::made<client>(code, out);
	}
	/// ump_client_weak.
	[[nodiscard]] result<ump::weak_client<P>> weak() const noexcept
	{
		ump_weak_client *out = nullptr;
		int code = ump_client_weak(this->get(), &out);

		return detail::made<ump::weak_client<P>>(code, out);
	}
	/// ump_client_post_client.
	[[nodiscard]] result<ump::post_client<P>> post_client(
		place here = place::current()) const noexcept
	{
		static_assert(!detail::is_none<post_type>, "this server takes no posts");
		here.note();
		ump_post_client *out = nullptr;
		int code = ump_client_post_client(this->get(), &out);

		return detail::made<ump::post_client<P>>(code, out);
	}

	/// ump_client_req.
	[[nodiscard]] detail::answer<reply_type> request(
		request_type &&msg, ump_time deadline = never) const noexcept
	{
		static_assert(!detail::is_none<request_type>, "this server takes no requests");
		return detail::answered<reply_type>([&](void *reply) {
			auto call = [&](const void *bytes, const void *) {
				return ump_client_req(this->get(), bytes, reply, deadline);
			};

			if (deadline == never)
				return detail::lend(msg, call);
			return detail::send<detail::alone>(msg, detail::took_request, call);
		});
	}
	/// Send a copy of the value.
	[[nodiscard]] detail::answer<reply_type> request(
		const request_type &msg, ump_time deadline = never) const
	{
		return request(request_type(msg), deadline);
	}

	/// ump_client_req_async.
	[[nodiscard]] result<wait_reply<P>> request_async(request_type &&msg) const noexcept
	{
		return request_async_until(std::move(msg), at_once);
	}
	/// Send a copy of the value.
	[[nodiscard]] result<wait_reply<P>> request_async(const request_type &msg) const
	{
		return request_async(request_type(msg));
	}
	/// ump_client_req_async_until.
	[[nodiscard]] result<wait_reply<P>> request_async_until(
		request_type &&msg, ump_time deadline) const noexcept
	{
		static_assert(!detail::is_none<request_type>, "this server takes no requests");
		ump_wait_reply *out = nullptr;
		detail::box<request_type> *sent = nullptr;
		int code = detail::send<detail::shared>(msg, detail::took_sent,
			[&](const void *bytes, detail::box<request_type> *box) {
				sent = box;
				return ump_client_req_async_until(
					this->get(), bytes, &out, deadline);
			});

		if (code != UMP_OK)
			return error(code);
		return wait_reply<P>(out, sent);
	}
	/// Send a copy of the value.
	[[nodiscard]] result<wait_reply<P>> request_async_until(
		const request_type &msg, ump_time deadline) const
	{
		return request_async_until(request_type(msg), deadline);
	}

	/**
	 * ump_client_req_completion: next() or wait() of `answers` calls `f` with the answer, an
	 * ump::result<Reply>.  A second argument, if `f` takes one, is an std::optional<Request>:
	 * after UMP_SERVER_GONE, the request, which was never started; else empty.  It is only for
	 * types that are not trivially copyable.
	 */
	template <class F>
	[[nodiscard]] result<void> request_completion(
		request_type &&msg, completions &answers, F &&f) const
	{
		static_assert(!detail::is_none<request_type>, "this server takes no requests");
		using waits = detail::waits_for_answer<P, std::decay_t<F>>;
		std::unique_ptr<waits> one(new (std::nothrow) waits(std::forward<F>(f)));

		if (one == nullptr)
			return error(UMP_NO_MEMORY);
		return detail::done(detail::send<detail::shared>(msg, detail::took_sent,
			[&](const void *bytes, detail::box<request_type> *box) {
				one->own(box);
				return answers.wait_for(std::move(one), [&](void *tag) {
					return ump_client_req_completion(
						this->get(), bytes, answers.get(), tag);
				});
			}));
	}
	/// Send a copy of the value.
	template <class F>
	[[nodiscard]] result<void> request_completion(
		const request_type &msg, completions &answers, F &&f) const
	{
		return request_completion(request_type(msg), answers, std::forward<F>(f));
	}
	/**
	 * ump_client_req_completion_until: the same with a deadline, at which the callable gets
	 * UMP_TIMED_OUT.  Returns the number for completions::cancel.
	 */
	template <class F>
	[[nodiscard]] result<std::uint64_t> request_completion_until(
		request_type &&msg, completions &answers, ump_time deadline, F &&f) const
	{
		static_assert(!detail::is_none<request_type>, "this server takes no requests");
		using waits = detail::waits_for_answer<P, std::decay_t<F>>;
		std::unique_ptr<waits> one(new (std::nothrow) waits(std::forward<F>(f)));
		std::uint64_t id = 0;

		if (one == nullptr)
			return error(UMP_NO_MEMORY);
		int code = detail::send<detail::shared>(msg, detail::took_sent,
			[&](const void *bytes, detail::box<request_type> *box) {
				one->own(box);
				return answers.wait_for(std::move(one), [&](void *tag) {
					return ump_client_req_completion_until(this->get(), bytes,
						answers.get(), tag, deadline, &id);
				});
			});

		if (code != UMP_OK)
			return error(code);
		return id;
	}
	/// Send a copy of the value.
	template <class F>
	[[nodiscard]] result<std::uint64_t> request_completion_until(
		const request_type &msg, completions &answers, ump_time deadline, F &&f) const
	{
		return request_completion_until(
			request_type(msg), answers, deadline, std::forward<F>(f));
	}
	/// ump_client_reserve: next() or wait() of `answers` calls `f` with an ump::result<void>.
	template <class F> [[nodiscard]] result<void> reserve(completions &answers, F &&f)
	{
		using waits = detail::waits_for_capacity<std::decay_t<F>>;
		std::unique_ptr<waits> one(new (std::nothrow) waits(std::forward<F>(f)));

		if (one == nullptr)
			return error(UMP_NO_MEMORY);
		return detail::done(answers.wait_for(std::move(one), [&](void *tag) {
			return ump_client_reserve(this->get(), answers.get(), tag);
		}));
	}

	/// ump_client_watch: next() or wait() of `answers` calls `f`, without an argument, once the
	/// server has ended.
	template <class F> [[nodiscard]] result<void> watch(completions &answers, F &&f) const
	{
		return detail::watching::make<false>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_client_watch(this->get(), queue, tag);
			});
	}

	/// ump_client_post.
	[[nodiscard]] result<void> post(post_type &&msg) const noexcept
	{
		return post_until(std::move(msg), at_once);
	}
	/// Send a copy of the value.
	[[nodiscard]] result<void> post(const post_type &msg) const
	{
		return post(post_type(msg));
	}
	/// ump_client_post_until.
	[[nodiscard]] result<void> post_until(post_type &&msg, ump_time deadline) const noexcept
	{
		static_assert(!detail::is_none<post_type>, "this server takes no posts");
		return detail::done(detail::send<detail::alone>(
			msg, detail::took_sent, [&](const void *bytes, const void *) {
				return ump_client_post_until(this->get(), bytes, deadline);
			}));
	}
	/// Send a copy of the value.
	[[nodiscard]] result<void> post_until(const post_type &msg, ump_time deadline) const
	{
		return post_until(post_type(msg), deadline);
	}
	/// ump_client_post_at without a period.
	[[nodiscard]] result<delayed> post_at(post_type &&msg, ump_time due) const noexcept
	{
		static_assert(!detail::is_none<post_type>, "this server takes no posts");
		ump_delayed *out = nullptr;
		int code = detail::send<detail::alone>(
			msg, detail::took_sent, [&](const void *bytes, const void *) {
				return ump_client_post_at(this->get(), bytes, due, 0, &out);
			});

		return detail::made<delayed>(code, out);
	}
	/// Send a copy of the value.
	[[nodiscard]] result<delayed> post_at(const post_type &msg, ump_time due) const
	{
		return post_at(post_type(msg), due);
	}
	/// ump_client_post_at with a period.  Each call gets a copy of the value.
	[[nodiscard]] result<delayed> post_every(const post_type &msg, ump_time first,
		std::chrono::duration<std::int64_t, std::nano> period) const noexcept
	{
		static_assert(detail::is_plain<post_type>,
			"a periodic post is copied as bytes: its type must be trivially copyable");
		ump_delayed *out = nullptr;
		int code = period.count() > 0 ? ump_client_post_at(this->get(), &msg, first,
							period.count(), &out)
					      : UMP_INVALID;

		return detail::made<delayed>(code, out);
	}

	/// ump_client_stop.  On every failure, UMP_NO_MEMORY too, `how` keeps the outcome.
	[[nodiscard]] result<void> stop(typename P::outcome &&how) const noexcept
	{
		return detail::stopped(how, [&](void *value, void (*drop)(void *)) {
			return ump_client_stop(this->get(), value, drop);
		});
	}
	/// Stop with a copy of the outcome.
	[[nodiscard]] result<void> stop(const typename P::outcome &how) const
	{
		return stop(typename P::outcome(how));
	}
	/// Stop the loop of a protocol without an outcome.
	[[nodiscard]] result<void> stop() const noexcept
	{
		static_assert(detail::is_none<typename P::outcome>, "this loop has an outcome");
		return stop(typename P::outcome());
	}

	/// ump_client_stats.
	[[nodiscard]] result<ump_stats> stats() const noexcept
	{
		return detail::counted<ump_client>(ump_client_stats, this->get());
	}
};

/// A weak client.
template <class P> class weak_client : public base::owner<ump_weak_client, ump_weak_client_drop>
{
      public:
	using base::owner<ump_weak_client, ump_weak_client_drop>::owner;

	/// ump_weak_client_clone.
	[[nodiscard]] result<weak_client> clone() const noexcept
	{
		ump_weak_client *out = nullptr;
		int code = ump_weak_client_clone(this->get(), &out);

		return detail::made<weak_client>(code, out);
	}
	/// ump_weak_client_upgrade.
	[[nodiscard]] result<client<P>> upgrade(place here = place::current()) const noexcept
	{
		here.note();
		ump_client *out = nullptr;
		int code = ump_weak_client_upgrade(this->get(), &out);

		return detail::made<client<P>>(code, out);
	}
	/// ump_weak_client_stop.  On every failure, UMP_NO_MEMORY too, `how` keeps the outcome.
	[[nodiscard]] result<void> stop(typename P::outcome &&how) const noexcept
	{
		return detail::stopped(how, [&](void *value, void (*drop)(void *)) {
			return ump_weak_client_stop(this->get(), value, drop);
		});
	}
	/// Stop with a copy of the outcome.
	[[nodiscard]] result<void> stop(const typename P::outcome &how) const
	{
		return stop(typename P::outcome(how));
	}
	/// Stop the loop of a protocol without an outcome.
	[[nodiscard]] result<void> stop() const noexcept
	{
		static_assert(detail::is_none<typename P::outcome>, "this loop has an outcome");
		return stop(typename P::outcome());
	}
	/// ump_weak_client_watch, as client::watch.
	template <class F> [[nodiscard]] result<void> watch(completions &answers, F &&f) const
	{
		return detail::watching::make<false>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_weak_client_watch(this->get(), queue, tag);
			});
	}
	/// ump_weak_client_stats.
	[[nodiscard]] result<ump_stats> stats() const noexcept
	{
		return detail::counted<ump_weak_client>(ump_weak_client_stats, this->get());
	}
};

/// A strong client that can only post.
template <class P> class post_client : public base::owner<ump_post_client, ump_post_client_drop>
{
	using post_type = typename P::post;

      public:
	using base::owner<ump_post_client, ump_post_client_drop>::owner;

	/// ump_post_client_clone.
	[[nodiscard]] result<post_client> clone(place here = place::current()) const noexcept
	{
		here.note();
		ump_post_client *out = nullptr;
		int code = ump_post_client_clone(this->get(), &out);

		return detail::made<post_client>(code, out);
	}
	/// ump_post_client_reserve, as client::reserve.
	template <class F> [[nodiscard]] result<void> reserve(completions &answers, F &&f)
	{
		return detail::watching::pass<detail::waits_for_capacity<std::decay_t<F>>>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_post_client_reserve(this->get(), queue, tag);
			});
	}
	/// ump_post_client_stats.
	[[nodiscard]] result<ump_stats> stats() const noexcept
	{
		return detail::counted<ump_post_client>(ump_post_client_stats, this->get());
	}
	/// ump_post_client_weak.
	[[nodiscard]] result<weak_client<P>> weak() const noexcept
	{
		ump_weak_client *out = nullptr;
		int code = ump_post_client_weak(this->get(), &out);

		return detail::made<weak_client<P>>(code, out);
	}
	/// ump_post_client_watch, as client::watch.
	template <class F> [[nodiscard]] result<void> watch(completions &answers, F &&f) const
	{
		return detail::watching::make<false>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_post_client_watch(this->get(), queue, tag);
			});
	}
	/// ump_post_client_post.
	[[nodiscard]] result<void> post(post_type &&msg) const noexcept
	{
		return post_until(std::move(msg), at_once);
	}
	/// Send a copy of the value.
	[[nodiscard]] result<void> post(const post_type &msg) const
	{
		return post(post_type(msg));
	}
	/// ump_post_client_post_until.
	[[nodiscard]] result<void> post_until(post_type &&msg, ump_time deadline) const noexcept
	{
		return detail::done(detail::send<detail::alone>(
			msg, detail::took_sent, [&](const void *bytes, const void *) {
				return ump_post_client_post_until(this->get(), bytes, deadline);
			}));
	}
	/// Send a copy of the value.
	[[nodiscard]] result<void> post_until(const post_type &msg, ump_time deadline) const
	{
		return post_until(post_type(msg), deadline);
	}
	/// ump_post_client_post_at without a period.
	[[nodiscard]] result<delayed> post_at(post_type &&msg, ump_time due) const noexcept
	{
		static_assert(!detail::is_none<post_type>, "this server takes no posts");
		ump_delayed *out = nullptr;
		int code = detail::send<detail::alone>(
			msg, detail::took_sent, [&](const void *bytes, const void *) {
				return ump_post_client_post_at(this->get(), bytes, due, 0, &out);
			});

		return detail::made<delayed>(code, out);
	}
	/// Send a copy of the value.
	[[nodiscard]] result<delayed> post_at(const post_type &msg, ump_time due) const
	{
		return post_at(post_type(msg), due);
	}
	/// ump_post_client_post_at with a period.  Each call gets a copy of the value.
	[[nodiscard]] result<delayed> post_every(const post_type &msg, ump_time first,
		std::chrono::duration<std::int64_t, std::nano> period) const noexcept
	{
		static_assert(detail::is_plain<post_type>,
			"a periodic post is copied as bytes: its type must be trivially copyable");
		ump_delayed *out = nullptr;
		int code = period.count() > 0 ? ump_post_client_post_at(this->get(), &msg, first,
							period.count(), &out)
					      : UMP_INVALID;

		return detail::made<delayed>(code, out);
	}
	/// ump_post_client_stop.  On every failure, UMP_NO_MEMORY too, `how` keeps the outcome.
	[[nodiscard]] result<void> stop(typename P::outcome &&how) const noexcept
	{
		return detail::stopped(how, [&](void *value, void (*drop)(void *)) {
			return ump_post_client_stop(this->get(), value, drop);
		});
	}
	/// Stop with a copy of the outcome.
	[[nodiscard]] result<void> stop(const typename P::outcome &how) const
	{
		return stop(typename P::outcome(how));
	}
	/// Stop the loop of a protocol without an outcome.
	[[nodiscard]] result<void> stop() const noexcept
	{
		static_assert(detail::is_none<typename P::outcome>, "this loop has an outcome");
		return stop(typename P::outcome());
	}
};

/// The claim to the reply of one request that was sent without waiting (a future).
template <class P> class wait_reply : public base::owner<ump_wait_reply, ump_wait_reply_drop>
{
	using owner = base::owner<ump_wait_reply, ump_wait_reply_drop>;
	using request_type = typename P::request;
	using share = detail::share<request_type>;

      public:
	/// The type of the answer.
	using answer = detail::answer<typename P::reply>;

	wait_reply() noexcept = default;
	/// `box` holds the request's value, if it travels by pointer.
	wait_reply(ump_wait_reply *handle, detail::box<request_type> *box) noexcept
	    : owner(handle), box_(box)
	{
	}
	/// Move; the source becomes empty.
	wait_reply(wait_reply &&) noexcept = default;
	/// Move; the request held before is abandoned.
	wait_reply &operator=(wait_reply &&) noexcept = default;

	/// ump_wait_reply_wait.
	[[nodiscard]] answer wait(ump_time deadline = never) noexcept
	{
		return collect([&](void *reply) {
			return ump_wait_reply_wait(&this->handle_, reply, deadline);
		});
	}
	/// ump_wait_reply_try.
	[[nodiscard]] answer try_wait() noexcept
	{
		return collect(
			[&](void *reply) { return ump_wait_reply_try(&this->handle_, reply); });
	}
	/// ump_wait_reply_drop.
	void reset() noexcept
	{
		owner::reset();
		box_.reset();
	}
	/// Transfer the handle of ump_server.h to the caller; take_back() cannot return the request
	/// then.
	[[nodiscard]] ump_wait_reply *release() noexcept
	{
		box_.reset();
		return owner::release();
	}
	/**
	 * After UMP_SERVER_GONE: return the request, which was never started, once.  Only for types
	 * that are not trivially copyable; of others the sender still has its own value.
	 */
	[[nodiscard]] std::optional<request_type> take_back() noexcept
	{
		static_assert(!detail::is_plain<request_type>,
			"a trivially copyable request was copied: its sender has it still");
		share mine = std::move(refused_);

		if (mine == nullptr)
			return std::nullopt;
		return std::move(*mine->value);
	}

      private:
	template <class Call> answer collect(Call call) noexcept
	{
		return detail::answered<typename P::reply>([&](void *reply) {
			bool waited = this->handle_ != nullptr;
			int code = call(reply);

			// Consumed: the handler owns the value, or this does again.
			if (waited && this->handle_ == nullptr) {
				share box = std::move(box_);

				if (detail::comes_back(code))
					refused_ = std::move(box);
			}
			return code;
		});
	}

	share box_;
	share refused_;
};

// -- Details: how values travel -----------------------------------------------------------------

namespace detail
{

// A value in transit, allocated with new and reference-counted.  Its message owns it; so does its
// requester, if the value may return to it.
template <class T> class box
{
      public:
	box(T &&given, unsigned char owners) noexcept : value(std::move(given)), owners_(owners)
	{
	}
	// Drop one owner's reference.
	void leave() noexcept
	{
		// A sole owner needs no read-modify-write.
		if (owners_.load(std::memory_order_acquire) == 1 ||
			owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
			delete this;
	}
	std::optional<T> value;

      private:
	std::atomic<unsigned char> owners_;
};

// Drops the reference of a share.
struct leaver {
	template <class T> void operator()(box<T> *left) const noexcept
	{
		left->leave();
	}
};

// What a message holds of a T, and how the receiver gets the T: here the bytes of T itself.
template <class T, bool Plain = is_plain<T>> struct carrier {
	using bytes = T;

	static constexpr void (*drop)(void *) = nullptr;

	static const T &look(const void *msg) noexcept
	{
		return *static_cast<const T *>(msg);
	}
	static T take(const void *msg) noexcept
	{
		return look(msg);
	}
};

// The same for other types: a pointer to the value.
template <class T> struct carrier<T, false> {
	static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_array_v<T>,
		"a message is a value: no reference, no array, not const");
	static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
		"moving and destroying a message must not throw");
	static_assert(std::is_nothrow_move_assignable_v<T>,
		"a message that was not sent is moved back, and assigning must not throw");

	struct bytes {
		T *value;
		// The box that holds the value; null: a blocked caller lends it.
		box<T> *home;
	};

	// A lent value stays with the caller that waits.
	static void drop(void *msg) noexcept
	{
		const bytes *lost = static_cast<bytes *>(msg);

		if (lost->home != nullptr)
			lost->home->leave();
	}
	static const T &look(const void *msg) noexcept
	{
		return *static_cast<const bytes *>(msg)->value;
	}
	static T take(const void *msg) noexcept
	{
		bytes sent = *static_cast<const bytes *>(msg);
		T taken(std::move(*sent.value));

		if (sent.home != nullptr) {
			sent.home->value.reset();
			sent.home->leave();
		}
		return taken;
	}
};

// Storage for a reply that the C library writes; T may have no default constructor.
template <class T> struct reply_storage {
	alignas(typename carrier<T>::bytes) unsigned char bytes[sizeof(typename carrier<T>::bytes)];
};

// Describe T to the C library.
template <class T> void describe(ump_type &type, std::size_t &align) noexcept
{
	if constexpr (!is_none<T>) {
		type.size = sizeof(typename carrier<T>::bytes);
		type.drop = carrier<T>::drop;
		align = alignof(typename carrier<T>::bytes);
	} else {
		type = ump_type();
		align = 0;
	}
}

// Describe the values of P to the C library.
template <class P> ump_config configure(ump_config config) noexcept
{
	describe<typename P::request>(config.request, config.request_align);
	describe<typename P::reply>(config.reply, config.reply_align);
	describe<typename P::post>(config.post, config.post_align);
	return config;
}

// Whether the sender of a blocking request that ended with `result` no longer owns the value.  For
// all other codes nothing was sent, or the value returned to the sender.
inline bool took_request(int result) noexcept
{
	return !ump_request_is_mine(result);
}

// The same for posts, and for requests sent without waiting.
inline bool took_sent(int result) noexcept
{
	return !ump_sent_is_mine(result);
}

// Whether a request sent without waiting, which ended with `result`, returns to its sender.
constexpr bool comes_back(int result) noexcept
{
	return result == UMP_SERVER_GONE;
}

// Send `value` by send(bytes, box), in a box with `Owners` owners unless it is plain.  Move it back
// if took(result) is false.
template <unsigned char Owners, class T, class Took, class Send>
int send(T &value, Took took, Send send) noexcept
{
	if constexpr (is_plain<T>) {
		return send(std::addressof(value), nullptr);
	} else {
		auto *home = new (std::nothrow) box<T>(std::move(value), Owners);

		if (home == nullptr)
			return UMP_NO_MEMORY;
		typename carrier<T>::bytes sent = {std::addressof(*home->value), home};
		int result = send(&sent, home);
		if (!took(result)) {
			value = std::move(*home->value);
			delete home;
		}
		return result;
	}
}

// Lend `value` to a call that returns only after the last use of it.
template <class T, class Send> int lend(T &value, Send send) noexcept
{
	if constexpr (is_plain<T>) {
		return send(std::addressof(value), nullptr);
	} else {
		typename carrier<T>::bytes sent = {std::addressof(value), nullptr};

		return send(&sent, nullptr);
	}
}

// An answer from its code, and from its value at `reply` if it has one.
template <class T> answer<T> told(int code, const void *reply) noexcept
{
	if constexpr (is_none<T>) {
		return done(code);
	} else {
		if (code != UMP_OK)
			return error(code);
		return carrier<T>::take(reply);
	}
}

// Call call(reply buffer), and return the reply that it wrote.
template <class T, class Call> answer<T> answered(Call call) noexcept
{
	if constexpr (is_none<T>) {
		return done(call(nullptr));
	} else {
		reply_storage<T> reply;
		int code = call(static_cast<void *>(&reply.bytes));

		return told<T>(code, &reply.bytes);
	}
}

} // namespace detail

// -- Details: pending callables -----------------------------------------------------------------

namespace detail
{

// The callable of a pending entry.  The caller owns it until take(), and keeps it if nothing was
// sent.  A copy or move that may throw is made by the constructor.
template <class F> class callable
{
      public:
	template <class G> explicit callable(G &&g)
	{
		if constexpr (!std::is_same_v<G, F>)
			own_.emplace(std::forward<G>(g));
		else if constexpr (std::is_nothrow_move_constructible_v<F>)
			lent_ = std::addressof(g);
		else if constexpr (std::is_copy_constructible_v<F>)
			own_.emplace(std::as_const(g));
		else
			own_.emplace(std::move(g));
	}
	F &take() noexcept
	{
		if constexpr (std::is_nothrow_move_constructible_v<F>) {
			if (lent_ != nullptr)
				own_.emplace(std::move(*lent_));
			lent_ = nullptr;
		}
		return *own_;
	}

      private:
	F *lent_ = nullptr;
	std::optional<F> own_;
};

// Make `call`.  If it returns what a callback of a handler may, a Flow, `to` receives that.
template <class Flow, class Call> void keep_flow(void *to, Call call)
{
	if constexpr (std::is_void_v<Flow>)
		static_cast<void>(call());
	else if constexpr (std::is_convertible_v<decltype(call()), Flow>)
		static_cast<std::optional<Flow> *>(to)->emplace(call());
	else
		static_cast<void>(call());
}

// The pending callable for the answer to a request.
template <class P, class F, class Flow> class waits_for_answer final : public waiting
{
	using request_type = typename P::request;
	using answer_type = answer<typename P::reply>;
	using returned = std::optional<request_type>;

      public:
	static constexpr bool takes_back = std::is_invocable_v<F &, answer_type, returned>;

	static_assert(takes_back || std::is_invocable_v<F &, answer_type>,
		"the callable takes the answer: a ump::result of the protocol's replies");
	static_assert(
		!takes_back || std::is_invocable_v<F &, answer_type> || !is_plain<request_type>,
		"a trivially copyable request was copied: its sender has it still");

	template <class G> explicit waits_for_answer(G &&g) : f_(std::forward<G>(g))
	{
	}
	void take() noexcept
	{
		static_cast<void>(f_.take());
	}
	void own(box<request_type> *home) noexcept
	{
		box_.reset(home);
	}
	void complete(int code, const void *reply, void *flow) override
	{
		share<request_type> box = std::move(box_);
		auto answer = told<typename P::reply>(code, reply);

		keep_flow<Flow>(flow, [&] {
			if constexpr (!takes_back)
				return f_.take()(std::move(answer));
			else if (box == nullptr || !comes_back(code))
				return f_.take()(std::move(answer), returned());
			else
				return f_.take()(
					std::move(answer), returned(std::move(*box->value)));
		});
	}

      private:
	callable<F> f_;
	share<request_type> box_;
};

// The pending callable for a reservation.
template <class F> class waits_for_capacity final : public waiting
{
      public:
	static_assert(std::is_invocable_v<F &, result<void>>,
		"the callable takes the result of the reservation: a ump::result<void>");

	template <class G> explicit waits_for_capacity(G &&g) : f_(std::forward<G>(g))
	{
	}
	void take() noexcept
	{
		static_cast<void>(f_.take());
	}
	void complete(int code, const void *, void *) override
	{
		f_.take()(done(code));
	}

      private:
	callable<F> f_;
};

// The pending callable for the end of a server, which is told whether it has an outcome or not.
template <bool Outcome, class F, class Flow> class waits_for_end final : public waiting
{
      public:
	static_assert(Outcome || std::is_invocable_v<F &>, "the callable takes no argument");
	static_assert(!Outcome || std::is_invocable_v<F &, bool>,
		"the callable takes a bool: whether the server has an outcome");

	template <class G> explicit waits_for_end(G &&g) : f_(std::forward<G>(g))
	{
	}
	void take() noexcept
	{
		static_cast<void>(f_.take());
	}
	void complete(int, const void *reply, void *flow) override
	{
		if constexpr (Outcome)
			f_.take()(static_cast<const ump_flow *>(reply)->stop);
		else
			keep_flow<Flow>(flow, [&] { return f_.take()(); });
		static_cast<void>(flow);
		static_cast<void>(reply);
	}

      private:
	callable<F> f_;
};

} // namespace detail

// ---- Handlers ---------------------------------------------------------------------------------

template <class Outcome> class flow;
template <class P> class reply_context;
template <class P> class leftover;
template <class P> class suspension;

namespace base
{

/// A handler's callbacks for requests.
template <class P, class Request = typename P::request> class handles_requests
{
      public:
	/// Called for each request; `rc` may be answered, failed, or kept by moving out of it.
	virtual flow<typename P::outcome> request(Request msg, ump::reply_context<P> rc) = 0;
	/// Called after a break for each undelivered request.
	virtual void leftover_request(ump::leftover<P> &request)
	{
		static_cast<void>(request);
	}

      protected:
	~handles_requests() = default;
};
/// A protocol without them.
template <class P> class handles_requests<P, none>
{
};

/// A handler's callbacks for posts.
template <class P, class Post = typename P::post> class handles_posts
{
      public:
	/// Called for each post.
	virtual flow<typename P::outcome> post(Post msg) = 0;
	/// Called after a break for each undelivered post.
	virtual void leftover_post(Post msg)
	{
		static_cast<void>(msg);
	}

      protected:
	~handles_posts() = default;
};
/// A protocol without them.
template <class P> class handles_posts<P, none>
{
};

} // namespace base

/**
 * A message handler of the application; see struct ump_handler.  It must define request() if the
 * protocol has requests, and post() if it has posts.  Its destructor corresponds to `drop`.
 */
template <class P> class handler : public base::handles_requests<P>, public base::handles_posts<P>
{
      public:
	/// The protocol of this server.
	using protocol = P;
	/// The return value of a callback.
	using flow = ump::flow<typename P::outcome>;
	/// The outcome of the loop; empty if it ended without one.
	using outcome = std::optional<typename P::outcome>;
	/// A client of this server.
	using client = ump::client<P>;
	/// A weak client of this server.
	using weak_client = ump::weak_client<P>;
	/// The obligation to answer one of its requests.
	using reply_context = ump::reply_context<P>;
	/// An undelivered request.
	using leftover = ump::leftover<P>;
	/// The obligation to resume this handler.
	using suspension = ump::suspension<P>;

	handler() = default;
	handler(const handler &) = delete;
	handler &operator=(const handler &) = delete;
	virtual ~handler() = default;

	/// Called as an ump_handler_builder: on the spawning thread, before another thread exists.
	/// `me` is lent.  Returns 0, or a code with which spawning must fail.
	virtual int build(const client &me)
	{
		static_cast<void>(me);
		return 0;
	}
	/// Called before the first message, on the dispatcher.  `me` is lent; clone it to keep it.
	/// Returns as build().
	virtual int init(const weak_client &me)
	{
		static_cast<void>(me);
		return 0;
	}
	/// Called when the loop has ended.  `how` has a value after a break, but not after the drop
	/// of a task.  join() returns its result.
	virtual outcome term(outcome how)
	{
		return how;
	}
	/// Called when a timer of this handler is due; [timer].  `tag` is that of start_timer();
	/// `count` is the number of planned times that this call covers.  Does nothing.
	virtual flow due(std::uintptr_t tag, std::uint64_t count);

      protected:
	/// ump_timer_start: due() is called with `tag` at the time `first`, and, if `period` is
	/// above 0, each `period` after it.  Only this handler's init(), request(), post() and
	/// due() may call it.  The result is the timer's number.
	[[nodiscard]] result<std::uint64_t> start_timer(std::uintptr_t tag, ump_time first,
		std::chrono::duration<std::int64_t, std::nano> period = {}) noexcept;
	/// ump_timer_cancel.
	result<void> cancel_timer(std::uint64_t number) noexcept
	{
		return detail::done(ump_timer_cancel(number));
	}
	/**
	 * ump_client_ask: send a request, and go on.  `f` is called with the answer, an ump::result
	 * of the replies of `other`, in this handler's loop.  It may send, ask and suspend, and
	 * returns nothing, or what request() may return; that is ignored after a break.  Only
	 * this handler's callbacks may call it.  The result is a number for cancel_ask().
	 */
	template <class Q, class F>
	[[nodiscard]] result<std::uint64_t> ask(
		const ump::client<Q> &other, typename Q::request &&msg, ump_time deadline, F &&f)
	{
		using request_type = typename Q::request;
		using waits = detail::waits_for_answer<Q, std::decay_t<F>, flow>;
		std::unique_ptr<waits> one(new (std::nothrow) waits(std::forward<F>(f)));

		if (one == nullptr)
			return error(UMP_NO_MEMORY);
		int code = detail::send<detail::shared>(msg, detail::took_sent,
			[&](const void *bytes, detail::box<request_type> *box) {
				one->own(box);
				int result = list(one, [&](ump_answer_call *call, void *arg,
							       std::uint64_t *number) {
					return ump_client_ask(
						other.get(), bytes, deadline, call, arg, number);
				});
				// The callable must go before the box that it shares.
				if (result != UMP_OK)
					one.reset();
				return result;
			});

		if (code != UMP_OK)
			return error(code);
		return number_;
	}
	/// Send a copy of the value.
	template <class Q, class F>
	[[nodiscard]] result<std::uint64_t> ask(const ump::client<Q> &other,
		const typename Q::request &msg, ump_time deadline, F &&f)
	{
		return ask(other, typename Q::request(msg), deadline, std::forward<F>(f));
	}
	/// ump_client_watch_call, for clients of all kinds: `f` is called without an argument, in
	/// this handler's loop, once the server of `other` has ended.  It returns as that of ask().
	template <class Other, class F>
	[[nodiscard]] result<std::uint64_t> watch(const Other &other, F &&f)
	{
		using waits = detail::waits_for_end<false, std::decay_t<F>, flow>;
		std::unique_ptr<waits> one(new (std::nothrow) waits(std::forward<F>(f)));

		if (one == nullptr)
			return error(UMP_NO_MEMORY);
		int code = list(one, [&](ump_answer_call *call, void *arg, std::uint64_t *number) {
			return detail::watch_call(other.get(), call, arg, number);
		});
		if (code != UMP_OK)
			return error(code);
		return number_;
	}
	/// ump_ask_cancel, for requests and watches of this handler: the callable is destroyed.
	result<void> cancel_ask(std::uint64_t number) noexcept
	{
		int code = ump_ask_cancel(number);

		if (code == UMP_OK)
			asked_.remove(asked_.find(number));
		return detail::done(code);
	}
	/// ump_suspend.  Only this handler's request() and post() may call it; they should then
	/// return pending.  Empty if ump_suspend returns NULL.  The callback owns the message, as
	/// always, and must move out of it what is needed later.
	[[nodiscard]] suspension suspend() noexcept
	{
		return suspension(ump_suspend());
	}
	/// ump_suspend_for, called as suspend(): the resume depends on the server of `other`;
	/// [deadlock].
	template <class Q>
	[[nodiscard]] result<suspension> suspend_for(const ump::client<Q> &other) noexcept
	{
		ump_suspension *made = nullptr;
		int code = ump_suspend_for(other.get(), &made);

		return detail::made<suspension>(code, made);
	}

      private:
	// List `one` as pending, and take its callable over if call(...) succeeds; it is not called
	// before this handler's callback has returned.
	template <class One, class Call> int list(std::unique_ptr<One> &one, Call call) noexcept;

	detail::waiting_list asked_;
	// The number of the last one.
	std::uint64_t number_ = 0;
};

/**
 * Make a handler of callables: one that takes (Request, reply_context<P>), one that takes (Post),
 * or both.  Throws what new and the moves of the callables throw.
 */
template <class P, class... F> std::unique_ptr<handler<P>> make_handler(F... f);

/// The type of go_on.
struct go_on_t {
};
/// Continue with the next message.
inline constexpr go_on_t go_on;

/// The type of pending; ump_pending.
struct pending_t {
};
/// The handler has suspended.
inline constexpr pending_t pending;

/// The type of stop(outcome), and of stop() for protocols without an outcome.
template <class Outcome> struct stop_t {
	/// The outcome of the loop.
	Outcome outcome;
};
/// End the loop with `outcome`: a copy, or the value itself if it is an rvalue.
template <class Outcome> stop_t<std::decay_t<Outcome>> stop(Outcome &&outcome)
{
	return {std::forward<Outcome>(outcome)};
}
/// End the loop of a protocol without an outcome.
inline stop_t<none> stop() noexcept
{
	return {};
}

/// The return value of a callback: go_on, stop(outcome), or pending if it has suspended.
template <class Outcome> class flow
{
      public:
	/// Continue.
	flow(go_on_t) noexcept
	{
	}
	/// The handler has suspended.
	flow(pending_t) noexcept : suspended(true)
	{
	}
	/// End the loop.
	template <class Other, class = std::enable_if_t<std::is_convertible_v<Other, Outcome>>>
	flow(stop_t<Other> end) : outcome(std::in_place, std::move(end.outcome))
	{
	}

	/// The outcome of the loop; empty if the loop continues.
	std::optional<Outcome> outcome;
	/// Whether the handler has suspended.
	bool suspended = false;
};

template <class P> auto handler<P>::due(std::uintptr_t tag, std::uint64_t count) -> flow
{
	static_cast<void>(tag);
	static_cast<void>(count);
	return go_on;
}

/// The obligation to answer one request (a promise).  If it is destroyed without an answer, the
/// requester gets UMP_NO_REPLY.
template <class P> class reply_context : public base::owner<ump_reply_context, ump_reply_drop>
{
	using reply_type = typename P::reply;

      public:
	using base::owner<ump_reply_context, ump_reply_drop>::owner;

	/// ump_reply, with a value.  UMP_NO_MEMORY and UMP_INVALID consume nothing.
	result<void> reply(reply_type &&value) noexcept
	{
		static_assert(!detail::is_none<reply_type>, "these replies have no value");
		if (this->handle_ == nullptr)
			return error(UMP_INVALID);
		return detail::done(detail::send<detail::alone>(
			value, consumed, [&](const void *bytes, const void *) {
				return ump_reply(&this->handle_, bytes);
			}));
	}
	/// Reply with a copy of `value`, unless that is the reply buffer of buffer().
	result<void> reply(const reply_type &value)
	{
		static_assert(!detail::is_none<reply_type>, "these replies have no value");
		if constexpr (detail::is_plain<reply_type>)
			return detail::done(ump_reply(&this->handle_, std::addressof(value)));
		else
			return reply(reply_type(value));
	}
	/// ump_reply_buffer: the reply buffer.  After writing the value there, reply(*buffer())
	/// copies nothing.  Only for replies that are trivially copyable.
	reply_type *buffer() noexcept
	{
		static_assert(!detail::is_none<reply_type>, "these replies have no value");
		static_assert(detail::is_plain<reply_type>,
			"only a trivially copyable reply can be written in place");
		return static_cast<reply_type *>(ump_reply_buffer(this->get()));
	}
	/// ump_reply, for replies without a value.
	result<void> reply() noexcept
	{
		static_assert(detail::is_none<reply_type>, "these replies have a value");
		return detail::done(ump_reply(&this->handle_, nullptr));
	}
	/// ump_reply_fail.
	result<void> fail(typename P::code code) noexcept
	{
		return detail::done(ump_reply_fail(&this->handle_, static_cast<int>(code)));
	}
	/// ump_reply_hold: the server's loop does not drain before the answer.
	result<void> hold() noexcept
	{
		return detail::done(ump_reply_hold(this->get()));
	}
	/// ump_reply_deadline.
	ump_time deadline() const noexcept
	{
		return ump_reply_deadline(this->get());
	}
	/// ump_deadline_inherit: for what is sent on, no later than `own`.
	ump_time inherit(ump_time own = never) const noexcept
	{
		return ump_deadline_inherit(this->get(), own);
	}
	/// ump_reply_origin_gone.
	bool origin_gone() const noexcept
	{
		return ump_reply_origin_gone(this->get());
	}

      private:
	// If the caller has given up, the library has dropped the value.
	static constexpr bool consumed(int code) noexcept
	{
		return code == UMP_OK || code == UMP_ORIGIN_GONE;
	}
};

/**
 * An undelivered request: accepted, and not handled because of a break.  Unless it is taken, it
 * completes with UMP_SERVER_GONE, and its value returns to its sender.
 */
template <class P> class leftover
{
	using request_type = typename P::request;

      public:
	/// What take() returns.
	struct parts {
		/// The value.
		request_type msg;
		/// The obligation to answer.
		reply_context<P> rc;
	};

	/// The arguments of the callback `leftover`.
	leftover(const void *msg, ump_reply_context **rc) noexcept : msg_(msg), rc_(rc)
	{
	}
	leftover(const leftover &) = delete;
	leftover &operator=(const leftover &) = delete;

	/// The value, lent until take().
	const request_type &message() const noexcept
	{
		return detail::carrier<request_type>::look(msg_);
	}
	/// Take over the request: its value, and the obligation to answer.  Empty on a second call.
	std::optional<parts> take() noexcept
	{
		if (*rc_ == nullptr)
			return std::nullopt;
		return parts{detail::carrier<request_type>::take(msg_),
			reply_context<P>(ump_reply_keep(rc_))};
	}

      private:
	const void *msg_;
	ump_reply_context **rc_;
};

namespace detail
{

// Break with an outcome, and resume a forgotten suspension.
template <class Outcome> ump_flow break_with(std::optional<Outcome> &where) noexcept;
inline void resume_anyhow(ump_suspension **suspension) noexcept;

} // namespace detail

/// The obligation to resume a handler that has suspended.  Its destructor resumes with go_on.
template <class P> class suspension : public base::owner<ump_suspension, detail::resume_anyhow>
{
	using outcome_type = typename P::outcome;

      public:
	using base::owner<ump_suspension, detail::resume_anyhow>::owner;

	/// ump_task_resume.  UMP_NO_MEMORY and UMP_INVALID consume nothing.  On every failure `how`
	/// keeps its outcome.
	result<void> resume(flow<outcome_type> &&how) noexcept
	{
		if (!how.outcome)
			return detail::done(ump_task_resume(&this->handle_, ump_continue()));
		if (this->handle_ == nullptr)
			return error(UMP_INVALID);
		// The dispatcher takes it out of the box; see served::term.
		std::unique_ptr<std::optional<outcome_type>> box(
			new (std::nothrow) std::optional<outcome_type>(std::move(how.outcome)));
		if (box == nullptr)
			return error(UMP_NO_MEMORY);
		int code = ump_task_resume(&this->handle_, detail::break_with(*box));
		if (code != UMP_OK)
			how.outcome.emplace(std::move(**box));
		else
			static_cast<void>(box.release());
		return detail::done(code);
	}
	/// Resume with a copy of the outcome.
	result<void> resume(const flow<outcome_type> &how)
	{
		return resume(flow<outcome_type>(how));
	}
};

// -- Details: breaks with an outcome ------------------------------------------------------------

namespace detail
{

// A break with the outcome at `where`, out of which `term` moves it.
template <class Outcome> ump_flow break_with(std::optional<Outcome> &where) noexcept
{
	return where ? ump_break(std::addressof(where)) : ump_continue();
}

// Stop by stop(value, drop), with the outcome in a box, as a suspension's resume has it:
// served::term takes it out of the box, and `drop` deletes the box if another outcome came first.
template <class Outcome, class Stop> result<void> stopped(Outcome &how, Stop stop) noexcept
{
	using boxed = std::optional<Outcome>;
	std::unique_ptr<boxed> box(new (std::nothrow) boxed(std::move(how)));

	if (box == nullptr)
		return error(UMP_NO_MEMORY);
	int code =
		stop(box.get(), [](void *value) noexcept { delete static_cast<boxed *>(value); });
	if (code != UMP_OK)
		how = std::move(**box);
	else
		static_cast<void>(box.release());
	return done(code);
}

// Resume with go_on: what the destructor of a suspension does.
inline void resume_anyhow(ump_suspension **suspension) noexcept
{
	static_cast<void>(ump_task_resume(suspension, ump_continue()));
}

} // namespace detail

// -- Details: handlers of callables -------------------------------------------------------------

namespace detail
{

// A handler that calls F for requests.
template <class P, class F, class Request = typename P::request>
class calls_requests : public handler<P>
{
      public:
	explicit calls_requests(F &&f) : f_(std::move(f))
	{
	}
	ump::flow<typename P::outcome> request(Request msg, ump::reply_context<P> rc) override
	{
		return f_(std::move(msg), std::move(rc));
	}

      protected:
	F f_;
};
template <class P, class F> class calls_requests<P, F, none> : public handler<P>
{
      public:
	explicit calls_requests(F &&f) : f_(std::move(f))
	{
	}

      protected:
	F f_;
};

// The same, and for posts.
template <class P, class F, class Post = typename P::post>
class calls final : public calls_requests<P, F>
{
      public:
	using calls_requests<P, F>::calls_requests;
	ump::flow<typename P::outcome> post(Post msg) override
	{
		return this->f_(std::move(msg));
	}
};
template <class P, class F> class calls<P, F, none> final : public calls_requests<P, F>
{
      public:
	using calls_requests<P, F>::calls_requests;
};

// One callable of several.
template <class... F> struct overloaded : F... {
	using F::operator()...;
};

} // namespace detail

template <class P, class... F> std::unique_ptr<handler<P>> make_handler(F... f)
{
	using all = detail::overloaded<F...>;

	return std::make_unique<detail::calls<P, all>>(all{std::move(f)...});
}

// ---- Spawning servers -------------------------------------------------------------------------

template <class P> class thread;

// -- Details, declared in advance ---------------------------------------------------------------

namespace base
{

// The base of `thread`, `task`, `combining` and `workers`.
template <class P, class Raw, void (*Drop)(Raw **)> class runner;

} // namespace base

namespace detail
{

// Make a Server by spawn().
template <class Server, class Runner, class P, class Spawn>
result<Server> spawned(std::unique_ptr<handler<P>> own, const ump_config &config, place here,
	Spawn spawn) noexcept;

} // namespace detail

// -- End of details -----------------------------------------------------------------------------

/// The result of spawn_thread.
template <class P> struct server {
	/// The first strong client.
	ump::client<P> client;
	/// The handle to join.
	ump::thread<P> thread;
};

/**
 * ump_spawn_thread.  The server owns the handler from the call on, and destroys it exactly once,
 * even if spawning fails.  The message types in `config` are ignored.  UMP_INVALID also if
 * `handler` is null.
 */
template <class H>
[[nodiscard]] result<server<typename H::protocol>> spawn_thread(std::unique_ptr<H> handler,
	const ump_config &config = ump_config(), place here = place::current()) noexcept
{
	using P = typename H::protocol;

	return detail::spawned<server<P>, ump_thread, P>(
		std::move(handler), config, here, ump_spawn_thread);
}

/// A server that runs on a thread.  Its destructor does not wait: the thread continues.
template <class P> class thread : public base::runner<P, ump_thread, ump_thread_drop>
{
	using runner = base::runner<P, ump_thread, ump_thread_drop>;

      public:
	using runner::runner;

	/// ump_thread_watch: next() or wait() of `answers` calls `f` with a bool once the server
	/// has ended: whether it has an outcome, which join() returns.
	template <class F> [[nodiscard]] result<void> watch(completions &answers, F &&f) const
	{
		return detail::watching::make<true>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_thread_watch(this->get(), queue, tag);
			});
	}
	/// ump_thread_join: the outcome of the loop; empty if it ended without one.
	result<typename runner::outcome> join(ump_time deadline = never) noexcept
	{
		return this->joined([&](ump_thread **handle) {
			return ump_thread_join(handle, nullptr, deadline);
		});
	}
};

/// ump_join_dropped: must be called before unloading a plugin that destroyed a thread without
/// join().
[[nodiscard]] inline result<void> join_dropped(ump_time deadline = never) noexcept
{
	return detail::done(ump_join_dropped(deadline));
}

namespace detail
{

// The storage of the outcome, and the deleter that drops a reference to it.
template <class P> class ending;
struct releases;

} // namespace detail

namespace base
{

/// The join handle of a server, and the storage of its outcome.
template <class P, class Raw, void (*Drop)(Raw **)> class runner
{
      public:
	/// The outcome of the loop; empty if it ended without one.
	using outcome = std::optional<typename P::outcome>;

	/// An empty handle.
	runner() noexcept = default;
	/// For the spawn functions.
	runner(Raw *handle, detail::ending<P> *end) noexcept : handle_(handle), end_(end)
	{
	}
	/// Move; the source becomes empty.
	runner(runner &&) noexcept = default;
	/// Move; the handle held before is dropped.
	runner &operator=(runner &&) noexcept = default;

	/// Whether there is a server to join.
	explicit operator bool() const noexcept
	{
		return static_cast<bool>(handle_);
	}
	/// The handle of ump_server.h, lent.
	Raw *get() const noexcept
	{
		return handle_.get();
	}
	/// Drop the handle now.
	void reset() noexcept
	{
		handle_.reset();
		end_.reset();
	}

      protected:
	/// Call join(handle), and return the outcome if it succeeds.
	template <class Join> result<outcome> joined(Join join) noexcept
	{
		Raw *handle = handle_.release();
		int code = join(&handle);

		handle_ = base::owner<Raw, Drop>(handle);
		if (code != UMP_OK)
			return error(code);
		outcome how = std::move(end_->outcome);
		end_.reset();
		return how;
	}

      private:
	base::owner<Raw, Drop> handle_;
	std::unique_ptr<detail::ending<P>, detail::releases> end_;
};

} // namespace base

// -- Details: a handler as the C library sees it ------------------------------------------------

namespace detail
{

// The storage of the outcome, shared by the handlers of a server (workers have several) and its
// join handle; the last owner frees it.
template <class P> class ending
{
      public:
	std::optional<typename P::outcome> outcome;

	explicit ending(bool of_workers = false) noexcept : of_workers_(of_workers)
	{
	}
	ending(const ending &) = delete;
	ending &operator=(const ending &) = delete;
	virtual ~ending() = default;

	// Add a handler as an owner.
	void share() noexcept
	{
		owners_.fetch_add(1, std::memory_order_relaxed);
	}
	void release() noexcept
	{
		if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
			delete this;
	}
	// Set the outcome of a break.  Of several workers that break, the first one does; `term`
	// runs after all of their callbacks, so that no order is needed here.
	void set(typename P::outcome &&how) noexcept
	{
		if (!of_workers_ || !is_set_.exchange(true, std::memory_order_relaxed))
			outcome.emplace(std::move(how));
	}

      private:
	const bool of_workers_;
	std::atomic<bool> is_set_{false};
	std::atomic<int> owners_{1};
};

// Drops the reference of a runner.
struct releases {
	template <class Ending> void operator()(Ending *end) const noexcept
	{
		end->release();
	}
};

// Report the callback and what it has thrown, and end the program.
template <class Handler>
[[noreturn]] void thrown_by(const Handler &handler, const char *callback, const char *what) noexcept
{
#if defined(__cpp_rtti)
	const char *type = typeid(handler).name();
#else
	const char *type = "ump::handler";

	static_cast<void>(handler);
#endif
	std::fprintf(stderr, "ump: an exception has left %s() of the handler %s: %s\n", callback,
		type, what);
	std::terminate();
}

// Call a callback of a handler.  An exception must not reach the C library, which cannot propagate
// it.
template <class Handler, class Call>
auto contained(const Handler &handler, const char *callback, Call call) noexcept -> decltype(call())
{
#if defined(__cpp_exceptions)
	try {
		return call();
	} catch (const std::exception &thrown) {
		thrown_by(handler, callback, thrown.what());
	} catch (...) {
		thrown_by(handler, callback, "no std::exception, or the end of its thread");
	}
#else
	static_cast<void>(handler);
	static_cast<void>(callback);
	return call();
#endif
}

// A handler's `self` and callbacks for the C library.
template <class P> class served
{
      public:
	served(std::unique_ptr<handler<P>> own, ending<P> *end) noexcept
	    : handler_(std::move(own)), end_(end)
	{
		end_->share();
	}
	served(const served &) = delete;
	served &operator=(const served &) = delete;
	~served()
	{
		handler_.reset();
		end_->release();
	}

	// An ump_handler_builder; `arg` points to a pointer to this, which is set to null when the
	// duty to delete this passes to the server's `drop`.
	static int build(void *arg, ump_client *raw, ump_handler *out) noexcept
	{
		served *&self = *static_cast<served **>(arg);
		client<P> me(raw);
		int code = contained(
			*self->handler_, "build", [&] { return self->handler_->build(me); });

		static_cast<void>(me.release());
		if (code != 0)
			return code;
		fill(*out);
		out->self = std::exchange(self, nullptr);
		return 0;
	}
	// An ump_due_call; `arg` is a tag.
	static ump_flow due(void *self, void *arg, std::uint64_t count) noexcept
	{
		return from(self).after(from(self).call("due", [&](handler<P> &own) {
			return own.due(reinterpret_cast<std::uintptr_t>(arg), count);
		}));
	}
	// An ump_answer_call; `arg` is a pending callable, in the handler's list.
	static ump_flow answered(void *self, void *arg, int code, const void *reply) noexcept
	{
		auto one = waiting_list::remove(static_cast<waiting *>(arg));

		std::optional<flow<typename P::outcome>> how;

		from(self).call(
			"answered", [&](handler<P> &) { one->complete(code, reply, &how); });
		// After a break the outcome is there.
		if (!how || code == UMP_CANCELLED)
			return ump_continue();
		return from(self).after(std::move(*how));
	}

      private:
	static void fill(ump_handler &out) noexcept
	{
		out.init = init;
		out.leftover = leave;
		out.term = term;
		out.drop = drop;
		if constexpr (!is_none<typename P::request>)
			out.request = request;
		if constexpr (!is_none<typename P::post>)
			out.post = post;
	}
	static served &from(void *self) noexcept
	{
		return *static_cast<served *>(self);
	}
	template <class Call> auto call(const char *callback, Call call) noexcept
	{
		return contained(*handler_, callback, [&] { return call(*handler_); });
	}
	static int init(void *self, ump_weak_client *raw) noexcept
	{
		weak_client<P> me(raw);
		int code = from(self).call("init", [&](handler<P> &own) { return own.init(me); });

		static_cast<void>(me.release());
		return code;
	}
	static ump_flow request(void *self, const void *msg, ump_reply_context **rc) noexcept
	{
		return from(self).after(from(self).call("request", [&](handler<P> &own) {
			return own.request(carrier<typename P::request>::take(msg),
				reply_context<P>(ump_reply_keep(rc)));
		}));
	}
	static ump_flow post(void *self, const void *msg) noexcept
	{
		return from(self).after(from(self).call("post", [&](handler<P> &own) {
			return own.post(carrier<typename P::post>::take(msg));
		}));
	}
	static void leave(void *self, const void *msg, ump_reply_context **rc) noexcept
	{
		if constexpr (!is_none<typename P::request>) {
			if (rc != nullptr) {
				leftover<P> left(msg, rc);

				from(self).call("leftover_request",
					[&](handler<P> &own) { own.leftover_request(left); });
			}
		}
		if constexpr (!is_none<typename P::post>) {
			if (rc == nullptr)
				from(self).call("leftover_post", [&](handler<P> &own) {
					own.leftover_post(carrier<typename P::post>::take(msg));
				});
		}
	}
	// The outcome is in the ending, where the `term` of the worker before leaves it too, or in
	// a box from a suspension's resume or a stop.  An outcome in the ending that the loop has
	// not ended with, as one of a suspended callback, is discarded.
	static ump_flow term(void *self, ump_flow raw) noexcept
	{
		auto &end = from(self).end_->outcome;
		auto *where = static_cast<std::optional<typename P::outcome> *>(raw.value);
		std::optional<typename P::outcome> how;

		if (raw.stop && where != nullptr && *where)
			how.emplace(std::move(**where));
		if (raw.stop && where != std::addressof(end))
			delete where;
		end.reset();
		how = from(self).call(
			"term", [&](handler<P> &own) { return own.term(std::move(how)); });
		if (how)
			end.emplace(std::move(*how));
		return break_with(end);
	}
	static void drop(void *self) noexcept
	{
		delete &from(self);
	}
	ump_flow after(flow<typename P::outcome> how) noexcept
	{
		if (how.suspended)
			return ump_pending();
		if (!how.outcome)
			return ump_continue();
		end_->set(std::move(*how.outcome));
		return ump_break(std::addressof(end_->outcome));
	}

	std::unique_ptr<handler<P>> handler_;
	ending<P> *end_;
};

// Make a Server by spawn(), which is ump_spawn_thread, ump_spawn_task or ump_spawn_combining.
template <class Server, class Runner, class P, class Spawn>
result<Server> spawned(
	std::unique_ptr<handler<P>> own, const ump_config &config, place here, Spawn spawn) noexcept
{
	static_assert(!is_none<typename P::request> || !is_none<typename P::post>,
		"a server takes requests, or posts, or both");
	if (own == nullptr)
		return error(UMP_INVALID);
	auto *end = new (std::nothrow) ending<P>();
	if (end == nullptr)
		return error(UMP_NO_MEMORY);
	auto *self = new (std::nothrow) served<P>(std::move(own), end);
	if (self == nullptr) {
		end->release();
		return error(UMP_NO_MEMORY);
	}
	ump_config typed = configure<P>(config);
	ump_client *client = nullptr;
	Runner *runner = nullptr;
	here.note();
	int code = spawn(&typed, served<P>::build, &self, &client, &runner);
	delete self;
	if (code != UMP_OK) {
		end->release();
		return error(code);
	}
	return Server{ump::client<P>(client), {runner, end}};
}

} // namespace detail

template <class P>
result<std::uint64_t> handler<P>::start_timer(std::uintptr_t tag, ump_time first,
	std::chrono::duration<std::int64_t, std::nano> period) noexcept
{
	std::uint64_t number = 0;
	int code = ump_timer_start(detail::served<P>::due, reinterpret_cast<void *>(tag), first,
		period.count(), &number);

	if (code != UMP_OK)
		return error(code);
	return number;
}

template <class P>
template <class One, class Call>
int handler<P>::list(std::unique_ptr<One> &one, Call call) noexcept
{
	detail::waiting *waits = one.get();
	std::uint64_t number = 0;
	int code = call(detail::served<P>::answered, static_cast<void *>(waits), &number);

	if (code != UMP_OK) {
		// Before its message, which it shares, is taken back.
		one.reset();
		return code;
	}
	one->take();
	waits->number = number;
	asked_.add(one.release());
	number_ = number;
	return code;
}

// ---- Tasks ------------------------------------------------------------------------------------

template <class P> class task;

/// The result of spawn_task.
template <class P> struct task_server {
	/// The first strong client.
	ump::client<P> client;
	/// The handle to run and join.
	ump::task<P> task;
};

/// ump_spawn_task; `handler` and `config` as for spawn_thread.
template <class H>
[[nodiscard]] result<task_server<typename H::protocol>> spawn_task(std::unique_ptr<H> handler,
	const ump_config &config = ump_config(), place here = place::current()) noexcept
{
	using P = typename H::protocol;

	return detail::spawned<task_server<P>, ump_task, P>(
		std::move(handler), config, here, ump_spawn_task);
}

/// A server inside the application's event loop.  Its destructor ends it; see ump_task_drop.
template <class P> class task : public base::runner<P, ump_task, ump_task_drop>
{
	using runner = base::runner<P, ump_task, ump_task_drop>;

      public:
	using runner::runner;

	/// ump_task_fd.
	int fd() const noexcept
	{
		return ump_task_fd(this->get());
	}
	/// ump_task_due: until when an event loop may wait.
	ump_time due() const noexcept
	{
		return ump_task_due(this->get());
	}
	/// ump_task_dispatch.
	bool dispatch(std::size_t budget = 0) noexcept
	{
		return ump_task_dispatch(this->get(), budget);
	}
	/// ump_task_run.
	[[nodiscard]] result<void> run(ump_time deadline = never) noexcept
	{
		return detail::done(ump_task_run(this->get(), deadline));
	}
	/// ump_task_watch: next() or wait() of `answers` calls `f` with a bool once the server
	/// has ended: whether it has an outcome, which join() returns.
	template <class F> [[nodiscard]] result<void> watch(completions &answers, F &&f) const
	{
		return detail::watching::make<true>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_task_watch(this->get(), queue, tag);
			});
	}
	/// ump_task_join: the outcome of the loop; empty if it ended without one.
	result<typename runner::outcome> join() noexcept
	{
		return this->joined(
			[](ump_task **handle) { return ump_task_join(handle, nullptr); });
	}
};

// ---- Combining servers ------------------------------------------------------------------------

template <class P> class combining;

/// The result of spawn_combining.
template <class P> struct combining_server {
	/// The first strong client.
	ump::client<P> client;
	/// The handle to join.
	ump::combining<P> combining;
};

/// ump_spawn_combining; `handler` and `config` as for spawn_thread.  The callbacks run inside the
/// senders' calls; an exception that leaves one still ends the program.
template <class H>
[[nodiscard]] result<combining_server<typename H::protocol>> spawn_combining(
	std::unique_ptr<H> handler, const ump_config &config = ump_config(),
	place here = place::current()) noexcept
{
	using P = typename H::protocol;

	return detail::spawned<combining_server<P>, ump_combining, P>(
		std::move(handler), config, here, ump_spawn_combining);
}

/// A combining server, run on its callers' threads.  Its destructor does not end the server.
template <class P> class combining : public base::runner<P, ump_combining, ump_combining_drop>
{
	using runner = base::runner<P, ump_combining, ump_combining_drop>;

      public:
	using runner::runner;

	/// ump_combining_watch: next() or wait() of `answers` calls `f` with a bool once the server
	/// has ended: whether it has an outcome, which join() returns.
	template <class F> [[nodiscard]] result<void> watch(completions &answers, F &&f) const
	{
		return detail::watching::make<true>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_combining_watch(this->get(), queue, tag);
			});
	}
	/// ump_combining_join: the outcome of the loop; empty if it ended without one.
	result<typename runner::outcome> join(ump_time deadline = never) noexcept
	{
		return this->joined([&](ump_combining **handle) {
			return ump_combining_join(handle, nullptr, deadline);
		});
	}
};

// ---- Workers ----------------------------------------------------------------------------------

template <class P> class workers;

/// The result of spawn_workers.
template <class P> struct workers_server {
	/// The first strong client.
	ump::client<P> client;
	/// The handle to join.
	ump::workers<P> workers;
};

// -- Details: the handlers of workers -----------------------------------------------------------

namespace detail
{

// The protocol of the handlers that a factory makes.
template <class Make>
using made_protocol = typename std::invoke_result_t<Make &>::element_type::protocol;

// The storage of the outcome of workers by key, and their key function.
template <class P, class Key> class keyed_ending final : public ending<P>
{
      public:
	template <class T>
	static constexpr bool takes =
		is_none<T> || std::is_invocable_r_v<std::uint64_t, Key &, const T &>;

	static_assert(takes<typename P::request> && takes<typename P::post>,
		"the key function takes each kind of message of the protocol, and returns a "
		"number");

	explicit keyed_ending(Key &&key) : ending<P>(true), key_(std::move(key))
	{
	}
	// The `key` of a configuration; `arg` is the ending.
	static std::uint64_t key(void *arg, const void *msg, bool request) noexcept
	{
		Key &key = static_cast<keyed_ending *>(static_cast<ending<P> *>(arg))->key_;

		static_cast<void>(request);
		return contained(key, "key", [&] {
			if constexpr (is_none<typename P::post>)
				return of<typename P::request>(key, msg);
			else if constexpr (is_none<typename P::request>)
				return of<typename P::post>(key, msg);
			else
				return request ? of<typename P::request>(key, msg)
					       : of<typename P::post>(key, msg);
		});
	}

      private:
	// As std::invoke does, without <functional>, which uses names that others define as macros.
	template <class T> static std::uint64_t of(Key &key, const void *msg)
	{
		return std::apply(key, std::tuple<const T &>(carrier<T>::look(msg)));
	}

	Key key_;
};

// The handlers of workers until their builders have run; those that are left are destroyed.
template <class P> class crew
{
      public:
	explicit crew(std::size_t count) noexcept
	    : all_(new (std::nothrow) std::unique_ptr<served<P>>[count])
	{
	}
	bool has_room() const noexcept
	{
		return all_ != nullptr;
	}
	int add(std::unique_ptr<handler<P>> own, ending<P> *end) noexcept
	{
		if (own == nullptr)
			return UMP_INVALID;
		auto *one = new (std::nothrow) served<P>(std::move(own), end);
		all_[size_++].reset(one);
		return one != nullptr ? UMP_OK : UMP_NO_MEMORY;
	}
	// An ump_handler_builder; `arg` is this.
	static int build(void *arg, ump_client *raw, ump_handler *out) noexcept
	{
		crew &self = *static_cast<crew *>(arg);
		auto &next = self.all_[self.built_++];
		served<P> *one = next.release();
		int code = served<P>::build(&one, raw, out);

		next.reset(one);
		return code;
	}

      private:
	std::unique_ptr<std::unique_ptr<served<P>>[]> all_;
	std::size_t size_ = 0;
	std::size_t built_ = 0;
};

// Make workers; `end` is null if there is no memory for it.
template <class P, class Make>
result<workers_server<P>> spawned_workers(std::unique_ptr<ending<P>, releases> end,
	std::size_t count, Make &make, const ump_config &config, place here)
{
	static_assert(!is_none<typename P::request> || !is_none<typename P::post>,
		"a server takes requests, or posts, or both");
	if (count == 0 || count > UMP_WORKERS_MOST)
		return error(UMP_INVALID);
	crew<P> all(count);
	if (end == nullptr || !all.has_room())
		return error(UMP_NO_MEMORY);
	for (std::size_t i = 0; i < count; i++) {
		int code = all.add(make(), end.get());

		if (code != UMP_OK)
			return error(code);
	}
	ump_config typed = configure<P>(config);
	ump_client *client = nullptr;
	ump_workers *raw = nullptr;
	here.note();
	int code = ump_spawn_workers(&typed, crew<P>::build, &all, count, &client, &raw);
	if (code != UMP_OK)
		return error(code);
	return workers_server<P>{ump::client<P>(client), {raw, end.release()}};
}

} // namespace detail

// -- End of details -----------------------------------------------------------------------------

/**
 * ump_spawn_workers: `make` is called `count` times on the calling thread, and returns a new
 * handler each time, as a std::unique_ptr.  What it throws leaves the call, which has started
 * nothing then.  The server destroys each handler exactly once, even if spawning fails.  `config`
 * as for spawn_thread; its `key` is ignored.  UMP_INVALID also if `make` returns null.
 *
 * Of several handlers that break, the first sets the outcome.  Each term() gets what that of the
 * worker before it has returned; join() returns what the last one did.
 */
template <class Make>
[[nodiscard]] result<workers_server<detail::made_protocol<Make>>> spawn_workers(std::size_t count,
	Make make, const ump_config &config = ump_config(), place here = place::current())
{
	using P = detail::made_protocol<Make>;
	ump_config without_key = config;

	without_key.key = nullptr;
	return detail::spawned_workers<P>(std::unique_ptr<detail::ending<P>, detail::releases>(
						  new (std::nothrow) detail::ending<P>(true)),
		count, make, without_key, here);
}

/**
 * The same with a key function, a callable: it takes a `const Request &` and a `const Post &`, as
 * far as the protocol has them, and returns a std::uint64_t; see `key` of struct ump_config.  The
 * server destroys it at the end, or before a failing call returns.  An exception must not leave it,
 * as with a callback.
 */
template <class Make, class Key>
[[nodiscard]] result<workers_server<detail::made_protocol<Make>>> spawn_workers_by_key(
	std::size_t count, Make make, Key key, const ump_config &config = ump_config(),
	place here = place::current())
{
	using P = detail::made_protocol<Make>;
	using keyed = detail::keyed_ending<P, Key>;
	std::unique_ptr<detail::ending<P>, detail::releases> end(
		new (std::nothrow) keyed(std::move(key)));
	ump_config with_key = config;

	with_key.key = keyed::key;
	with_key.key_arg = end.get();
	return detail::spawned_workers<P>(std::move(end), count, make, with_key, here);
}

/// A server on several threads.  Its destructor does not wait: the workers continue.
template <class P> class workers : public base::runner<P, ump_workers, ump_workers_drop>
{
	using runner = base::runner<P, ump_workers, ump_workers_drop>;

      public:
	using runner::runner;

	/// ump_workers_watch: next() or wait() of `answers` calls `f` with a bool once the server
	/// has ended: whether it has an outcome, which join() returns.
	template <class F> [[nodiscard]] result<void> watch(completions &answers, F &&f) const
	{
		return detail::watching::make<true>(
			answers, std::forward<F>(f), [&](ump_completions *queue, void *tag) {
				return ump_workers_watch(this->get(), queue, tag);
			});
	}
	/// ump_workers_stats: those of one worker, counted from 0 in the order of the factory's
	/// calls.
	[[nodiscard]] result<ump_stats> stats(std::size_t worker) const noexcept
	{
		return detail::counted<ump_workers>(
			[&](const ump_workers *handle, ump_stats *out) {
				return ump_workers_stats(handle, worker, out);
			},
			this->get());
	}
	/// ump_workers_join: the outcome of the loop; empty if it ended without one.
	result<typename runner::outcome> join(ump_time deadline = never) noexcept
	{
		return this->joined([&](ump_workers **handle) {
			return ump_workers_join(handle, nullptr, deadline);
		});
	}
};

// ---- Thread pools -----------------------------------------------------------------------------

/**
 * A thread pool, for servers of any protocols; ump_thread_pool.  Its destructor waits for the idle
 * threads to end.  Its spawn_thread() is equivalent to spawning with a configuration whose
 * `thread_pool` is get().
 */
class thread_pool : public base::owner<ump_thread_pool, ump_thread_pool_drop>
{
      public:
	using base::owner<ump_thread_pool, ump_thread_pool_drop>::owner;

	/// ump::spawn_thread on a thread of this pool.  `config.thread_pool` is ignored.
	/// UMP_INVALID also if this is empty.
	template <class H>
	[[nodiscard]] result<server<typename H::protocol>> spawn_thread(std::unique_ptr<H> handler,
		ump_config config = ump_config(), place here = place::current()) const noexcept
	{
		if (this->get() == nullptr)
			return error(UMP_INVALID);
		config.thread_pool = this->get();
		return ump::spawn_thread(std::move(handler), config, here);
	}
};

/// ump_thread_pool_open.
[[nodiscard]] inline result<thread_pool> open_thread_pool(
	std::size_t most = 0, std::size_t stack_size = 0) noexcept
{
	ump_thread_pool *out = nullptr;
	int code = ump_thread_pool_open(&out, most, stack_size);

	return detail::made<thread_pool>(code, out);
}

// ---- Raw channels -----------------------------------------------------------------------------

/// A received message: a request with its context, or a post.
template <class P> struct message {
	/// The value of a request; empty for a post.
	std::optional<typename P::request> request;
	/// The obligation to answer the request; empty for a post.
	reply_context<P> rc;
	/// The value of a post; empty for a request.
	std::optional<typename P::post> post;
};

/// The raw receiver of a channel, for programs that run their own loop.
template <class P> class receiver : public base::owner<ump_server, ump_server_drop>
{
      public:
	using base::owner<ump_server, ump_server_drop>::owner;

	/// ump_server_wait.
	[[nodiscard]] result<message<P>> wait(ump_time deadline = never) noexcept
	{
		const void *msg = nullptr;
		ump_reply_context *rc = nullptr;
		int code = ump_server_wait(this->get(), &msg, &rc, deadline);

		return received(code, msg, rc);
	}
	/// ump_server_try_pop.
	[[nodiscard]] result<message<P>> try_pop() noexcept
	{
		const void *msg = nullptr;
		ump_reply_context *rc = nullptr;
		int code = ump_server_try_pop(this->get(), &msg, &rc);

		return received(code, msg, rc);
	}
	/// ump_server_was_empty.
	bool was_empty() const noexcept
	{
		return ump_server_was_empty(this->get());
	}
	/// ump_server_skipped.
	std::size_t skipped() const noexcept
	{
		return ump_server_skipped(this->get());
	}
	/// ump_server_due: until when a loop that does not wait() may wait elsewhere.
	ump_time due() const noexcept
	{
		return ump_server_due(this->get());
	}
	/// ump_server_stats.
	[[nodiscard]] result<ump_stats> stats() const noexcept
	{
		return detail::counted<ump_server>(ump_server_stats, this->get());
	}

      private:
	static result<message<P>> received(
		int code, const void *msg, ump_reply_context *rc) noexcept
	{
		message<P> got;

		if (code != UMP_OK)
			return error(code);
		if constexpr (!detail::is_none<typename P::request>) {
			if (rc != nullptr)
				got.request = detail::carrier<typename P::request>::take(msg);
		}
		if constexpr (!detail::is_none<typename P::post>) {
			if (rc == nullptr)
				got.post = detail::carrier<typename P::post>::take(msg);
		}
		got.rc = reply_context<P>(rc);
		return got;
	}
};

/// The result of open_channel.
template <class P> struct channel {
	/// The receiver.
	ump::receiver<P> receiver;
	/// The first strong client.
	ump::client<P> client;
};

/// ump_channel_open.
template <class P>
[[nodiscard]] result<channel<P>> open_channel(
	const ump_config &config = ump_config(), place here = place::current()) noexcept
{
	here.note();
	ump_config typed = detail::configure<P>(config);
	ump_server *server = nullptr;
	ump_client *client = nullptr;
	int code = ump_channel_open(&server, &client, &typed);

	if (code != UMP_OK)
		return error(code);
	return channel<P>{ump::receiver<P>(server), ump::client<P>(client)};
}

// ---- Looking inside ---------------------------------------------------------------------------

/// ump_server_dump.
inline result<void> dump(std::FILE *file) noexcept
{
	return detail::done(ump_server_dump(file));
}

} // namespace ump

#pragma pop_macro("box")
#pragma pop_macro("bytes")
#pragma pop_macro("check")
#pragma pop_macro("clear")
#pragma pop_macro("count")
#pragma pop_macro("emit")
#pragma pop_macro("exception")
#pragma pop_macro("foreach")
#pragma pop_macro("index")
#pragma pop_macro("leave")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("move")
#pragma pop_macro("remove")
#pragma pop_macro("send")
#pragma pop_macro("signals")
#pragma pop_macro("slots")
#pragma pop_macro("value")

#endif // C++17

#endif
