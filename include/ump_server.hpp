// SPDX-License-Identifier: 0BSD
/**
 * @file ump_server.hpp
 * The C++ face of ump-server: header-only, C++17, over ump_server.h, whose promises hold here too.
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
 * An event loop asks without waiting:
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
 * Each class and function does what its namesake in ump_server.h does, which says what blocks,
 * which threads may call what, and what each code means.  What C++ adds:
 *
 * - Handles drop themselves, and are moved, never copied: clone() makes another, which can fail.
 *   One that was moved from is empty, as is a default one; it answers UMP_INVALID.  get() lends
 *   the handle of ump_server.h, release() gives it up.  The thread's handle lets its thread go on
 *   when it is destroyed, as ump_thread_drop does; only join() waits.
 * - Messages are values of any type that can be moved and destroyed without exceptions.  What is
 *   trivially copyable travels as it is.  Anything else travels as a pointer: to the sender's own
 *   value, if it waits without a deadline, else to one that is made with new and takes the value
 *   over.  Each value is destroyed exactly once, whatever becomes of the message.
 * - A value that was passed as an rvalue is taken over unless the call says that nothing was sent:
 *   with UMP_SERVER_GONE, UMP_FULL, UMP_NO_MEMORY or UMP_INVALID, say, the sender has it still.  So
 *   it does after UMP_TIMED_OUT of a call that waits for room only.  (It may have been moved away
 *   and back, so what holds addresses inside it is not to be relied on.)  A request that was sent
 *   without waiting and is never started waits for its sender: in wait_reply::take_back(), or in
 *   the second argument of its callable.  It is destroyed if its sender is gone.  A value passed
 *   as a constant is copied, and what the copy throws comes out of the call, which then sent
 *   nothing.
 * - A value reaches the handler by value: it is the handler's from the start, and stays valid when
 *   the request is answered.
 * - Results are ump::result<T>, a value or an ump::error.
 * - Callbacks are virtual functions.  An exception that leaves one of them ends the program, as one
 *   does that leaves the function of a thread: a message on the standard error output names the
 *   callback, the handler's type and the exception's what(), and std::terminate is called.  Nothing
 *   is thrown through the C library.  Memory that lacks inside the library or this header is
 *   UMP_NO_MEMORY, never std::bad_alloc.  Only result::value() throws.
 * - An answer that comes through completions is given to a callable, which was passed with the
 *   request in place of C's tag; next() and wait() call it, and what it throws comes out of them.
 *   One that was passed as an rvalue is taken over only if the call succeeds; otherwise the caller
 *   has it still, as it was.  A callable whose move may throw is copied instead of moved; one that
 *   cannot be copied either is taken over in any case.  What the copy or the move throws comes out
 *   of the call, which then sent nothing.
 * - Who makes a strong client need not call ump_here(): ump::place does.
 * - Macros of other headers, such as Qt's `forever`, do not disturb this one.  Where `forever` is a
 *   macro the deadline ump::forever is ump::never.
 */
#ifndef UMP_SERVER_HPP
#define UMP_SERVER_HPP

#if !defined(__cplusplus) || __cplusplus < 201703L
#error "ump_server.hpp needs C++17: compile with -std=c++17 or a later standard"
#else

// Names that headers of others define as macros: Qt (forever, emit, signals, slots, foreach),
// curses (box, clear, move), and a few systems.  The macros are there again after this header.
#pragma push_macro("box")
#pragma push_macro("bytes")
#pragma push_macro("check")
#pragma push_macro("clear")
#pragma push_macro("count")
#pragma push_macro("emit")
#pragma push_macro("exception")
#pragma push_macro("foreach")
#pragma push_macro("forever")
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
#undef forever
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
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

namespace ump
{

/// There are no values of this kind.
struct none {
};

/**
 * What a server takes and gives: the types of its values, or none.  `Outcome` is what its loop may
 * end with, and `Code` (int, or an enumeration) what its handler may fail with, above 0.
 * Derive from it, so that two servers of the same messages are two types.
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
	/// What the loop may end with, or none.
	using outcome = Outcome;
	/// What the handler may fail with.
	using code = Code;
};

// ---- Results ----------------------------------------------------------------------------------

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
	/// Whether it is the handler's own code, which as() gives as the protocol's type.
	constexpr bool is_own() const noexcept
	{
		return code_ > 0;
	}
	/// The code as another type.
	template <class Code> constexpr Code as() const noexcept
	{
		return static_cast<Code>(code_);
	}
	/// What ump_strerror says of it.
	const char *message() const noexcept
	{
		return ump_strerror(code_);
	}
	/// The same code.
	friend constexpr bool operator==(error left, error right) noexcept
	{
		return left.code_ == right.code_;
	}
	/// Another code.
	friend constexpr bool operator!=(error left, error right) noexcept
	{
		return left.code_ != right.code_;
	}

      private:
	int code_;
};

/// What result::value() throws where there is none.
class bad_result : public std::exception
{
      public:
	/// There is no value because of `why`.
	explicit bad_result(error why) noexcept : why_(why)
	{
	}
	/// What ump_strerror says of it.
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

[[noreturn]] inline void no_value(error why)
{
#if defined(__cpp_exceptions)
	throw bad_result(why);
#else
	static_cast<void>(why);
	std::abort();
#endif
}

} // namespace detail

/**
 * A value, or an error: what std::expected is in C++23.  Access to what is not there throws
 * bad_result, or aborts where exceptions are off.
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
	/// The value, or bad_result.
	T &value() &
	{
		check();
		return *std::get_if<0>(&state_);
	}
	/// The value, or bad_result.
	const T &value() const &
	{
		check();
		return *std::get_if<0>(&state_);
	}
	/// The value, or bad_result.
	T &&value() &&
	{
		check();
		return std::move(*std::get_if<0>(&state_));
	}
	/// The value, or bad_result.
	T &operator*() &
	{
		return value();
	}
	/// The value, or bad_result.
	const T &operator*() const &
	{
		return value();
	}
	/// The value, or bad_result.
	T &&operator*() &&
	{
		return std::move(*this).value();
	}
	/// A member of the value, or bad_result.
	T *operator->()
	{
		return std::addressof(value());
	}
	/// A member of the value, or bad_result.
	const T *operator->() const
	{
		return std::addressof(value());
	}
	/// The value, or `other` if there is none.
	template <class U> T value_or(U &&other) &&
	{
		return has_value() ? std::move(*this).value()
				   : static_cast<T>(std::forward<U>(other));
	}
	/// Why there is no value; UMP_OK if there is one.
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

/// Done, or an error.
template <> class result<void>
{
      public:
	result() noexcept = default;
	/// An error.
	result(ump::error why) noexcept : why_(why)
	{
	}
	/// Whether it was done.
	bool has_value() const noexcept
	{
		return why_ == UMP_OK;
	}
	/// Whether it was done.
	explicit operator bool() const noexcept
	{
		return has_value();
	}
	/// Nothing, or bad_result.
	void value() const
	{
		if (!has_value())
			detail::no_value(why_);
	}
	/// Why it was not done; UMP_OK if it was.
	ump::error error() const noexcept
	{
		return why_;
	}

      private:
	ump::error why_ = UMP_OK;
};

// ---- Time -------------------------------------------------------------------------------------

/// UMP_NOW and UMP_FOREVER, without C's casts.
inline constexpr ump_time at_once = 0;
/// Never: ump_time has nothing later.
inline constexpr ump_time never = INT64_MAX;
/// The same, where no macro has this name, as one of Qt's headers has.
inline constexpr ump_time forever = never;

/// The deadline this long from now; ump_after.  What does not fit in ump_time is never.
template <class Rep, class Period> ump_time after(std::chrono::duration<Rep, Period> wait) noexcept
{
	using seconds = std::chrono::duration<double>;
	using nanoseconds = std::chrono::duration<std::int64_t, std::nano>;

	// A century short of the end of time, where rounding plays no part.
	if (std::chrono::duration_cast<seconds>(wait) > seconds(6.0e9))
		return never;
	if (std::chrono::duration_cast<seconds>(wait) < seconds(0))
		return at_once;
	return ump_after(std::chrono::duration_cast<nanoseconds>(wait).count());
}

// ---- How values travel ------------------------------------------------------------------------

namespace detail
{

template <class T> inline constexpr bool is_none = std::is_same_v<T, none>;

// Whether values of T are bytes that the C library may copy.
template <class T>
inline constexpr bool is_plain = (std::is_trivially_copyable_v<T>)&&(
	std::is_copy_constructible_v<T>)&&(alignof(T) <= UMP_ALIGN_MOST);

// A value on its way, made with new: its message owns it, and if it may come back, so does the one
// who waits for the answer.
template <class T> class box
{
      public:
	box(T &&given, unsigned char owners) noexcept : value(std::move(given)), owners_(owners)
	{
	}
	// One owner has no use for it any more.
	void leave() noexcept
	{
		// Whoever is the only one need not exchange.
		if (owners_.load(std::memory_order_acquire) == 1 ||
			owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
			delete this;
	}
	std::optional<T> value;

      private:
	std::atomic<unsigned char> owners_;
};

struct leaver {
	template <class T> void operator()(box<T> *left) const noexcept
	{
		left->leave();
	}
};

// One owner's part of a box, or null.
template <class T> using share = std::unique_ptr<box<T>, leaver>;

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

template <class T> struct carrier<T, false> {
	static_assert(std::is_object_v<T> && !std::is_const_v<T> && !std::is_array_v<T>,
		"a message is a value: no reference, no array, not const");
	static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
		"moving and destroying a message must not throw");
	static_assert(std::is_nothrow_move_assignable_v<T>,
		"a message that was not sent is moved back, and assigning must not throw");

	struct bytes {
		T *value;
		// Where the value is; null: it is lent by a caller that waits.
		box<T> *home;
	};

	// The value stays where it is if somebody waits for it.
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

// Room for what the C library writes, of a type that may have no default.
template <class T> struct room {
	alignas(typename carrier<T>::bytes) unsigned char bytes[sizeof(typename carrier<T>::bytes)];
};

// What the C library knows of T.
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

template <class P> ump_config configure(ump_config config) noexcept
{
	describe<typename P::request>(config.request, config.request_align);
	describe<typename P::reply>(config.reply, config.reply_align);
	describe<typename P::post>(config.post, config.post_align);
	return config;
}

// Whether a request that was waited for and ended so is no longer its sender's.  For all other
// codes nothing was sent, or the server gave it back.
inline bool took_request(int result) noexcept
{
	return !ump_request_is_mine(result);
}

// The same for all that is sent without waiting for an answer.
inline bool took_sent(int result) noexcept
{
	return !ump_sent_is_mine(result);
}

// Whether a request that was sent so, and ended with this, is again its sender's.
constexpr bool comes_back(int result) noexcept
{
	return result == UMP_SERVER_GONE;
}

// How many own a value that is sent: its message; and the one who waits for the answer elsewhere.
constexpr unsigned char alone = 1;
constexpr unsigned char shared = 2;

// Send `value` by send(bytes, box), in a box of so many owners if it needs one, and move it back if
// took(result) is false.
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

// Lend `value` to a call that returns only when it is no longer needed.
template <class T, class Send> int lend(T &value, Send send) noexcept
{
	if constexpr (is_plain<T>) {
		return send(std::addressof(value), nullptr);
	} else {
		typename carrier<T>::bytes sent = {std::addressof(value), nullptr};

		return send(&sent, nullptr);
	}
}

// The result of a call that has a value on UMP_OK.
template <class Handle> result<Handle> made(int code, typename Handle::raw *handle) noexcept
{
	if (code != UMP_OK)
		return error(code);
	return Handle(handle);
}

inline result<void> done(int code) noexcept
{
	return error(code);
}

// The numbers of a server.
template <class Handle>
result<ump_stats> counted(int (*count)(const Handle *, ump_stats *), const Handle *handle) noexcept
{
	ump_stats stats = ump_stats();
	int code = count(handle, &stats);

	if (code != UMP_OK)
		return error(code);
	return stats;
}

template <class T> using answer = result<std::conditional_t<is_none<T>, void, T>>;

// An answer, whose value is at `reply` if there is one.
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

// Call(where a reply goes), and the reply that it wrote.
template <class T, class Call> answer<T> answered(Call call) noexcept
{
	if constexpr (is_none<T>) {
		return done(call(nullptr));
	} else {
		room<T> reply;
		int code = call(static_cast<void *>(&reply.bytes));

		return told<T>(code, &reply.bytes);
	}
}

} // namespace detail

/// What several classes share; for use through these.
namespace base
{

/// What all handles share: one owner, moved and never copied.
template <class Raw, void (*Drop)(Raw **)> class owner
{
      public:
	/// The type of ump_server.h.
	using raw = Raw;

	/// No handle.
	owner() noexcept = default;
	/// Own a handle of ump_server.h.
	explicit owner(Raw *handle) noexcept : handle_(handle)
	{
	}
	/// The other is empty then.
	owner(owner &&other) noexcept : handle_(other.release())
	{
	}
	/// What was there before is dropped.
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
	/// The handle of ump_server.h, which is the caller's now.
	[[nodiscard]] Raw *release() noexcept
	{
		return std::exchange(handle_, nullptr);
	}
	/// Drop it before its time.
	void reset() noexcept
	{
		Drop(&handle_);
	}

      protected:
	/// The handle, or null.
	Raw *handle_ = nullptr;
};

} // namespace base

// ---- Looking inside ---------------------------------------------------------------------------

/**
 * Where a strong client is made: what ump_server_dump() will say of it; see ump_here().  What makes
 * one takes its place as a last parameter, which is where the call stands, unless a wrapper passes
 * that of its own caller on.
 */
class place
{
      public:
	/// The place of the call, also where this is itself a default argument.
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

/// ump_server_dump.
inline result<void> dump(std::FILE *file) noexcept
{
	return detail::done(ump_server_dump(file));
}

// ---- Clients ----------------------------------------------------------------------------------

/// The right to the answer of one request that was sent without waiting.
template <class P> class wait_reply : public base::owner<ump_wait_reply, ump_wait_reply_drop>
{
	using owner = base::owner<ump_wait_reply, ump_wait_reply_drop>;
	using request_type = typename P::request;
	using share = detail::share<request_type>;

      public:
	/// What the request is answered with.
	using answer = detail::answer<typename P::reply>;

	wait_reply() noexcept = default;
	/// `box` is where the request's value is, if it travels by pointer.
	wait_reply(ump_wait_reply *handle, detail::box<request_type> *box) noexcept
	    : owner(handle), box_(box)
	{
	}
	/// The other is empty then.
	wait_reply(wait_reply &&) noexcept = default;
	/// What was there before is given up.
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
	/// The handle of ump_server.h, which is the caller's now; the request does not come back.
	[[nodiscard]] ump_wait_reply *release() noexcept
	{
		box_.reset();
		return owner::release();
	}
	/**
	 * After UMP_SERVER_GONE: the request, which was never started, once.  Only for types that
	 * are not trivially copyable; of the others the sender has its own.
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

			// Consumed: the value is the handler's, or ours again.
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

namespace detail
{

// A callable that waits for its answer, in the list of its completions.
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
	// What became of it; `reply` is lent.
	virtual void complete(int code, const void *reply) = 0;

	// Set when this is destroyed, for the call that sends; then null.
	bool *gone = nullptr;

      private:
	friend class waiting_list;
	waiting *next_ = nullptr;
	waiting **link_ = nullptr; // what points to this
};

// All that wait, and their owner: if their answers never come, they are destroyed with it.
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

// The callable of one that waits.  Until take() it is the caller's, who has it still if nothing was
// sent; what might throw then is made before.
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

// What a request's answer is given to.
template <class P, class F> class waits_for_answer final : public waiting
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
	void complete(int code, const void *reply) override
	{
		share<request_type> box = std::move(box_);
		auto answer = told<typename P::reply>(code, reply);

		if constexpr (!takes_back)
			f_.take()(std::move(answer));
		else if (box == nullptr || !comes_back(code))
			f_.take()(std::move(answer), std::nullopt);
		else
			f_.take()(std::move(answer), returned(std::move(*box->value)));
	}

      private:
	callable<F> f_;
	share<request_type> box_;
};

// What is told that there is room.
template <class F> class waits_for_room final : public waiting
{
      public:
	static_assert(std::is_invocable_v<F &, result<void>>,
		"the callable takes what became of the room: a ump::result<void>");

	template <class G> explicit waits_for_room(G &&g) : f_(std::forward<G>(g))
	{
	}
	void take() noexcept
	{
		static_cast<void>(f_.take());
	}
	void complete(int code, const void *) override
	{
		f_.take()(done(code));
	}

      private:
	callable<F> f_;
};

} // namespace detail

template <class P> class client;

/**
 * Where an event loop gets the answers to its requests, to any servers; ump_completions.
 * Destroyed, it gives up all that is in flight, and destroys the callables without calling them.
 * The tags are this header's: do not pass get() to what sends or receives in ump_server.h.
 */
class completions : private base::owner<ump_completions, ump_completions_drop>
{
	using owner = base::owner<ump_completions, ump_completions_drop>;
	template <class P> friend class client;
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
	/// Give the next answer that has arrived to its callable; ump_completions_next.  The
	/// callable may send again through these completions, and may destroy them.
	[[nodiscard]] result<void> next()
	{
		ump_completion got = ump_completion();
		int code = ump_completions_next(get(), &got);

		return tell(code, got);
	}
	/// The same, but wait for it; ump_completions_wait.
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
	// This may be gone when the callable returns.
	static result<void> tell(int code, const ump_completion &got)
	{
		if (code != UMP_OK)
			return error(code);
		auto one = detail::waiting_list::remove(static_cast<detail::waiting *>(got.tag));

		one->complete(got.result, got.reply);
		return {};
	}
	// Let `one` wait and take its callable over, if call(its tag) succeeds.  The call may run
	// the handler of an inline server, which may take the answer: then `one` is gone when the
	// call returns, and this may be, too.
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

template <class P> class weak_client;
template <class P> class post_client;

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
	/// A copy of the value is sent.
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
	/// A copy of the value is sent.
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
	/// A copy of the value is sent.
	[[nodiscard]] result<wait_reply<P>> request_async_until(
		const request_type &msg, ump_time deadline) const
	{
		return request_async_until(request_type(msg), deadline);
	}

	/**
	 * ump_client_req_completion: `f` is called with the answer, an ump::result<Reply>, inside
	 * `completions`' next() or wait().  If it takes a second argument, that is, after
	 * UMP_SERVER_GONE, the request that was never started, as an std::optional<Request>; only
	 * for types that are not trivially copyable.
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
	/// A copy of the value is sent.
	template <class F>
	[[nodiscard]] result<void> request_completion(
		const request_type &msg, completions &answers, F &&f) const
	{
		return request_completion(request_type(msg), answers, std::forward<F>(f));
	}
	/// ump_client_room: `f` is called with an ump::result<void> inside `completions`' next() or
	/// wait().
	template <class F> [[nodiscard]] result<void> room(completions &answers, F &&f)
	{
		using waits = detail::waits_for_room<std::decay_t<F>>;
		std::unique_ptr<waits> one(new (std::nothrow) waits(std::forward<F>(f)));

		if (one == nullptr)
			return error(UMP_NO_MEMORY);
		return detail::done(answers.wait_for(std::move(one), [&](void *tag) {
			return ump_client_room(this->get(), answers.get(), tag);
		}));
	}

	/// ump_client_post.
	[[nodiscard]] result<void> post(post_type &&msg) const noexcept
	{
		return post_until(std::move(msg), at_once);
	}
	/// A copy of the value is sent.
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
	/// A copy of the value is sent.
	[[nodiscard]] result<void> post_until(const post_type &msg, ump_time deadline) const
	{
		return post_until(post_type(msg), deadline);
	}

	/// ump_client_stats.
	[[nodiscard]] result<ump_stats> stats() const noexcept
	{
		return detail::counted<ump_client>(ump_client_stats, this->get());
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
	/// ump_post_client_post.
	[[nodiscard]] result<void> post(post_type &&msg) const noexcept
	{
		return post_until(std::move(msg), at_once);
	}
	/// A copy of the value is sent.
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
	/// A copy of the value is sent.
	[[nodiscard]] result<void> post_until(const post_type &msg, ump_time deadline) const
	{
		return post_until(post_type(msg), deadline);
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
	/// ump_weak_client_stats.
	[[nodiscard]] result<ump_stats> stats() const noexcept
	{
		return detail::counted<ump_weak_client>(ump_weak_client_stats, this->get());
	}
};

// ---- The handler's side -----------------------------------------------------------------------

/// The duty to answer one request.  Destroyed without an answer, it gives UMP_NO_REPLY.
template <class P> class reply_context : public base::owner<ump_reply_context, ump_reply_drop>
{
	using reply_type = typename P::reply;

      public:
	using base::owner<ump_reply_context, ump_reply_drop>::owner;

	/// ump_reply, of a value.  On UMP_NO_MEMORY and UMP_INVALID nothing is consumed.
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
	/// A constant is copied, except into the room that room() gave.
	result<void> reply(const reply_type &value)
	{
		static_assert(!detail::is_none<reply_type>, "these replies have no value");
		if constexpr (detail::is_plain<reply_type>)
			return detail::done(ump_reply(&this->handle_, std::addressof(value)));
		else
			return reply(reply_type(value));
	}
	/// ump_reply_room: write the value there and reply(*room()); then nothing is copied.  Only
	/// for replies that are trivially copyable.
	reply_type *room() noexcept
	{
		static_assert(!detail::is_none<reply_type>, "these replies have no value");
		static_assert(detail::is_plain<reply_type>,
			"only a trivially copyable reply can be written in place");
		return static_cast<reply_type *>(ump_reply_room(this->get()));
	}
	/// ump_reply, where replies have no value.
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
 * A request that was accepted and not handled, after a break.  Left alone it completes with
 * UMP_SERVER_GONE, and its sender has its value back.
 */
template <class P> class leftover
{
	using request_type = typename P::request;

      public:
	/// What take() gives.
	struct parts {
		/// The value.
		request_type msg;
		/// The duty to answer.
		reply_context<P> rc;
	};

	/// What the library hands to `leftover`.
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
	/// Take the request on: the value, and the duty to answer.  Nothing the second time.
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

/// What makes the loop go on.
struct go_on_t {
};
/// Go on with the next message.
inline constexpr go_on_t go_on;

/// What a callback returns that has suspended; ump_pending.
struct pending_t {
};
/// The handler has suspended.
inline constexpr pending_t pending;

/// What makes the loop end: stop(outcome), or stop() where there are none.
template <class Outcome> struct stop_t {
	/// What the loop ends with.
	Outcome outcome;
};
/// End with a copy of `outcome`, or with it itself if it is an rvalue.
template <class Outcome> stop_t<std::decay_t<Outcome>> stop(Outcome &&outcome)
{
	return {std::forward<Outcome>(outcome)};
}
/// End with no more than that.
inline stop_t<none> stop() noexcept
{
	return {};
}

/// How a handler goes on: go_on, stop(outcome), or pending if it has suspended.
template <class Outcome> class flow
{
      public:
	/// Go on.
	flow(go_on_t) noexcept
	{
	}
	/// The handler has suspended.
	flow(pending_t) noexcept : suspended(true)
	{
	}
	/// End.
	template <class Other, class = std::enable_if_t<std::is_convertible_v<Other, Outcome>>>
	flow(stop_t<Other> end) : outcome(std::in_place, std::move(end.outcome))
	{
	}

	/// What the loop ends with; nothing if it goes on.
	std::optional<Outcome> outcome;
	/// Whether the handler has suspended.
	bool suspended = false;
};

namespace detail
{

// Where outcomes are left on their way to `term`, which takes them out.
template <class Outcome> ump_flow break_with(std::optional<Outcome> &where) noexcept
{
	return where ? ump_break(std::addressof(where)) : ump_continue();
}

inline void resume_anyhow(ump_suspension **suspension) noexcept
{
	static_cast<void>(ump_task_resume(suspension, ump_continue()));
}

} // namespace detail

/// The duty to resume a handler that has suspended.  Destroyed, it resumes with go_on.
template <class P> class suspension : public base::owner<ump_suspension, detail::resume_anyhow>
{
	using outcome_type = typename P::outcome;

      public:
	using base::owner<ump_suspension, detail::resume_anyhow>::owner;

	/// ump_task_resume.  On UMP_NO_MEMORY and UMP_INVALID nothing is consumed.  Whenever it
	/// fails `how` has its outcome still.
	result<void> resume(flow<outcome_type> &&how) noexcept
	{
		if (!how.outcome)
			return detail::done(ump_task_resume(&this->handle_, ump_continue()));
		if (this->handle_ == nullptr)
			return error(UMP_INVALID);
		// The handler's thread takes it from there; see served::term.
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
	/// A copy of the outcome is passed on.
	result<void> resume(const flow<outcome_type> &how)
	{
		return resume(flow<outcome_type>(how));
	}
};

namespace base
{

/// A handler's callbacks for requests, if there are any.
template <class P, class Request = typename P::request> class handles_requests
{
      public:
	/// Called for each request; `rc` may be answered, failed, or kept by moving it away.
	virtual flow<typename P::outcome> request(Request msg, ump::reply_context<P> rc) = 0;
	/// Called after a break for each request that was not handled.
	virtual void leftover_request(ump::leftover<P> &request)
	{
		static_cast<void>(request);
	}

      protected:
	~handles_requests() = default;
};
/// There are none.
template <class P> class handles_requests<P, none>
{
};

/// A handler's callbacks for posts, if there are any.
template <class P, class Post = typename P::post> class handles_posts
{
      public:
	/// Called for each post.
	virtual flow<typename P::outcome> post(Post msg) = 0;
	/// Called after a break for each post that was not handled.
	virtual void leftover_post(Post msg)
	{
		static_cast<void>(msg);
	}

      protected:
	~handles_posts() = default;
};
/// There are none.
template <class P> class handles_posts<P, none>
{
};

} // namespace base

/**
 * What the application does with messages; see struct ump_handler.  request() is required where the
 * protocol has requests, and post() where it has posts.  Its destructor is what `drop` is there.
 */
template <class P> class handler : public base::handles_requests<P>, public base::handles_posts<P>
{
      public:
	/// What this server takes and gives.
	using protocol = P;
	/// How a callback goes on.
	using flow = ump::flow<typename P::outcome>;
	/// What the loop has ended with; nothing if the clients went.
	using outcome = std::optional<typename P::outcome>;
	/// A client of this server.
	using client = ump::client<P>;
	/// A weak client of this server.
	using weak_client = ump::weak_client<P>;
	/// The duty to answer one of its requests.
	using reply_context = ump::reply_context<P>;
	/// A request that was not handled.
	using leftover = ump::leftover<P>;
	/// The duty to resume this handler.
	using suspension = ump::suspension<P>;

	handler() = default;
	handler(const handler &) = delete;
	handler &operator=(const handler &) = delete;
	virtual ~handler() = default;

	/// As an ump_handler_builder: on the spawning thread, before there is another.  `me` is
	/// lent.  0, or a code to fail, which spawning returns.
	virtual int build(const client &me)
	{
		static_cast<void>(me);
		return 0;
	}
	/// Before the first message, on the dispatcher.  `me` is lent; clone it to keep it.
	virtual int init(const weak_client &me)
	{
		static_cast<void>(me);
		return 0;
	}
	/// When the loop has ended.  `how` has a value after a break (not if a task was dropped).
	/// What it returns join gives.
	virtual outcome term(outcome how)
	{
		return how;
	}

      protected:
	/// ump_suspend, in this handler's request() or post() only, which then returns pending.
	/// Empty where ump_suspend gives NULL.  The message is the callback's own, as always: move
	/// away what is needed later.
	[[nodiscard]] suspension suspend() noexcept
	{
		return suspension(ump_suspend());
	}
	/// ump_suspend_for, likewise: the resume depends on the server of `other`; [deadlock].
	template <class Q>
	[[nodiscard]] result<suspension> suspend_for(const ump::client<Q> &other) noexcept
	{
		ump_suspension *made = nullptr;
		int code = ump_suspend_for(other.get(), &made);

		return detail::made<suspension>(code, made);
	}
};

namespace detail
{

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

template <class... F> struct overloaded : F... {
	using F::operator()...;
};

} // namespace detail

/**
 * A handler of callables, for those that need no more: one that takes (Request, reply_context<P>),
 * one that takes (Post), or both.  Throws what new and their moves throw.
 */
template <class P, class... F> std::unique_ptr<handler<P>> make_handler(F... f)
{
	using all = detail::overloaded<F...>;

	return std::make_unique<detail::calls<P, all>>(all{std::move(f)...});
}

// ---- Servers ----------------------------------------------------------------------------------

namespace detail
{

// Where the outcome is left: shared by the thread and the handle to join it, freed by the last.
template <class P> class ending
{
      public:
	std::optional<typename P::outcome> outcome;

	void release() noexcept
	{
		if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1)
			delete this;
	}

      private:
	std::atomic<int> owners_{2};
};

// Say which callback has thrown what, and end the program.
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

// Call a callback of a handler.  What it throws must not reach the C library, which has no way to
// pass it on.
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

// The handler's self for the C library, and what it calls.
template <class P> class served
{
      public:
	served(std::unique_ptr<handler<P>> own, ending<P> *end) noexcept
	    : handler_(std::move(own)), end_(end)
	{
	}
	served(const served &) = delete;
	served &operator=(const served &) = delete;
	~served()
	{
		handler_.reset();
		end_->release();
	}

	// An ump_handler_builder; `arg` is a pointer to the pointer to this, which it sets to null
	// once the server will call `drop`.
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
	// An outcome is in the ending, or in a box that came with a suspension's resume.  What was
	// left there by a callback that had suspended is nobody's.
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
		return end ? ump_break(nullptr) : ump_continue();
	}
	static void drop(void *self) noexcept
	{
		delete &from(self);
	}
	ump_flow after(flow<typename P::outcome> how) noexcept
	{
		if (how.suspended)
			return ump_pending();
		if (how.outcome)
			end_->outcome.emplace(std::move(*how.outcome));
		return how.outcome ? break_with(end_->outcome) : ump_continue();
	}

	std::unique_ptr<handler<P>> handler_;
	ending<P> *end_;
};

} // namespace detail

namespace detail
{

struct releases {
	template <class Ending> void operator()(Ending *end) const noexcept
	{
		end->release();
	}
};

} // namespace detail

namespace base
{

/// The handle to join a server, and where its outcome will be.
template <class P, class Raw, void (*Drop)(Raw **)> class runner
{
      public:
	/// What the handler stopped with, or nothing.
	using outcome = std::optional<typename P::outcome>;

	/// No server.
	runner() noexcept = default;
	/// For what spawns.
	runner(Raw *handle, detail::ending<P> *end) noexcept : handle_(handle), end_(end)
	{
	}
	/// The other is empty then.
	runner(runner &&) noexcept = default;
	/// What was there before is dropped.
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
	/// Drop it before its time.
	void reset() noexcept
	{
		handle_.reset();
		end_.reset();
	}

      protected:
	/// Join(handle), and the outcome if that has succeeded.
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

/// A server that runs on a thread of its own.  Destroyed, it lets the thread go on.
template <class P> class thread : public base::runner<P, ump_thread, ump_thread_drop>
{
	using runner = base::runner<P, ump_thread, ump_thread_drop>;

      public:
	using runner::runner;

	/// ump_join: what the handler stopped with, or nothing if the clients went.
	result<typename runner::outcome> join(ump_time deadline = never) noexcept
	{
		return this->joined(
			[&](ump_thread **handle) { return ump_join(handle, nullptr, deadline); });
	}
};

/// A server that runs inside the application's event loop.  Destroyed, it ends; see ump_task_drop.
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
	/// ump_task_join: what the handler stopped with, or nothing if the clients went.
	result<typename runner::outcome> join() noexcept
	{
		return this->joined(
			[](ump_task **handle) { return ump_task_join(handle, nullptr); });
	}
};

/// A server that runs on the threads of those who send to it.  Destroyed, it lets the server go on.
template <class P> class inlined : public base::runner<P, ump_inline, ump_inline_drop>
{
	using runner = base::runner<P, ump_inline, ump_inline_drop>;

      public:
	using runner::runner;

	/// ump_inline_join: what the handler stopped with, or nothing if the clients went.
	result<typename runner::outcome> join(ump_time deadline = never) noexcept
	{
		return this->joined([&](ump_inline **handle) {
			return ump_inline_join(handle, nullptr, deadline);
		});
	}
};

/// ump_join_dropped: before a plugin whose servers were destroyed without join() is unloaded.
[[nodiscard]] inline result<void> join_dropped(ump_time deadline = never) noexcept
{
	return detail::done(ump_join_dropped(deadline));
}

/// What spawn_thread makes.
template <class P> struct server {
	/// The first strong client.
	ump::client<P> client;
	/// What to join.
	ump::thread<P> thread;
};

/// What spawn_task makes.
template <class P> struct task_server {
	/// The first strong client.
	ump::client<P> client;
	/// What to run and join.
	ump::task<P> task;
};

/// What spawn_inline makes.
template <class P> struct inline_server {
	/// The first strong client.
	ump::client<P> client;
	/// What to join.
	ump::inlined<P> inlined;
};

namespace detail
{

// Make a Server by spawn(), which is ump_spawn_thread, ump_spawn_task or ump_spawn_inline.
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
		delete end;
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

/**
 * ump_spawn_thread.  The handler is the server's from the call on: it is destroyed exactly once,
 * also if spawning fails.  Of `config` the types of messages are not read.
 * UMP_INVALID: no handler.
 */
template <class H>
[[nodiscard]] result<server<typename H::protocol>> spawn_thread(std::unique_ptr<H> handler,
	const ump_config &config = ump_config(), place here = place::current()) noexcept
{
	using P = typename H::protocol;

	return detail::spawned<server<P>, ump_thread, P>(
		std::move(handler), config, here, ump_spawn_thread);
}

/// ump_spawn_task, of a handler as spawn_thread takes one.
template <class H>
[[nodiscard]] result<task_server<typename H::protocol>> spawn_task(std::unique_ptr<H> handler,
	const ump_config &config = ump_config(), place here = place::current()) noexcept
{
	using P = typename H::protocol;

	return detail::spawned<task_server<P>, ump_task, P>(
		std::move(handler), config, here, ump_spawn_task);
}

/// ump_spawn_inline, of a handler as spawn_thread takes one.  The callbacks run inside the calls of
/// those who send; an exception that leaves one ends the program all the same.
template <class H>
[[nodiscard]] result<inline_server<typename H::protocol>> spawn_inline(std::unique_ptr<H> handler,
	const ump_config &config = ump_config(), place here = place::current()) noexcept
{
	using P = typename H::protocol;

	return detail::spawned<inline_server<P>, ump_inline, P>(
		std::move(handler), config, here, ump_spawn_inline);
}

/**
 * Threads that are used again, by servers of any protocols; ump_threads.  Destroyed, it waits for
 * those of them that no server uses to end.  To lend it to a configuration, whose member `threads`
 * is get(), is the same as to spawn with it.
 */
class threads : public base::owner<ump_threads, ump_threads_drop>
{
      public:
	using base::owner<ump_threads, ump_threads_drop>::owner;

	/// ump::spawn_thread on one of these threads.  `config.threads` is not read.
	/// UMP_INVALID also if there are none: this is empty.
	template <class H>
	[[nodiscard]] result<server<typename H::protocol>> spawn_thread(std::unique_ptr<H> handler,
		ump_config config = ump_config(), place here = place::current()) const noexcept
	{
		if (this->get() == nullptr)
			return error(UMP_INVALID);
		config.threads = this->get();
		return ump::spawn_thread(std::move(handler), config, here);
	}
};

/// ump_threads_open.
[[nodiscard]] inline result<threads> open_threads(
	std::size_t most = 0, std::size_t stack_size = 0) noexcept
{
	ump_threads *out = nullptr;
	int code = ump_threads_open(&out, most, stack_size);

	return detail::made<threads>(code, out);
}

/// What a receiver receives: a request with its context, or a post.
template <class P> struct message {
	/// The value of a request; nothing if it is a post.
	std::optional<typename P::request> request;
	/// The duty to answer the request; empty for a post.
	reply_context<P> rc;
	/// The value of a post; nothing if it is a request.
	std::optional<typename P::post> post;
};

/// The receiving end of a channel, for those who write the loop themselves.
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

/// What open_channel makes.
template <class P> struct channel {
	/// The receiving end.
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

} // namespace ump

#pragma pop_macro("box")
#pragma pop_macro("bytes")
#pragma pop_macro("check")
#pragma pop_macro("clear")
#pragma pop_macro("count")
#pragma pop_macro("emit")
#pragma pop_macro("exception")
#pragma pop_macro("foreach")
#pragma pop_macro("forever")
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
