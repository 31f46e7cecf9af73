/* SPDX-License-Identifier: 0BSD */
/**
 * @file typed.h
 * The typed layer: one line turns a server into an API of its own types, in C11.
 *
 * @code
 * struct add { int a; int b; };
 * struct note { char text[32]; };
 *
 * #define ADDER_CODES(code)                                  \
 *         code(ADDER_OVERFLOW, 1, "the sum is out of range") \
 *         code(ADDER_TIRED, 2, "no more sums today")
 *
 * UMP_TYPED(adder, struct add, int, struct note, ADDER_CODES);
 * @endcode
 *
 * creates types and inline functions named `adder_...`.  The rule: each function of ump_server.h
 * has a twin with `adder_` in place of `ump_`, which takes the server's own types and has the same
 * effect.  The ownership, blocking, threads and results of each twin are therefore documented in
 * ump_server.h; this header documents only the differences.  The twins are inline: they allocate
 * nothing and add next to nothing to the calls that they make.
 *
 * The differences:
 *
 * - Handles are structures of one pointer that are passed by value: `adder_client` and so on.  A
 *   function that takes `adder_client *` consumes or fills it.  `{0}` is no handle, and neither is
 *   one that was consumed: `client.untyped == NULL`.  The member `untyped` is the handle of
 *   ump_server.h, for functions that have no twin; it is the same handle, not another one.
 * - The handler is a table of functions, created once by UMP_TYPED_HANDLER; see there.
 * - Completion queues and thread pools belong to no single server: they have no twins, and must be
 *   passed with the types of ump_server.h.
 * - The handler's own codes are the values of `enum adder_code`; adder_strerror() names them.
 * - `struct adder` is the handler's self.  UMP_TYPED declares it; the server's implementation must
 *   define it, unless there is no state: then self is NULL.
 *
 * The compiler rejects: values of another type; handles of another server or of another kind;
 * callbacks with another signature; a function for a kind of message that the server does not take;
 * codes of another enumeration, or not above 0, or duplicated; types that are incomplete, or
 * aligned more strictly than UMP_ALIGN_MOST.  C cannot reject a `void *` as any pointer, or an
 * integer as any enumeration.
 *
 * Compilers before gcc 14 and clang 16 only warn of some of these mistakes.  This header makes them
 * errors, from its inclusion to the end of the translation unit: incompatible pointers, pointers
 * from integers, functions that were not declared, and values of another enumeration.  Later code
 * can change that with `#pragma GCC diagnostic warning "-W..."`.
 *
 * Applications must not use names that begin with `ump__`, or names with two underscores in them
 * that the macros create.  For C++ there is ump_server.hpp.
 */
#ifndef UMP_SERVER_TYPED_H
#define UMP_SERVER_TYPED_H

#ifdef __cplusplus
#error "typed.h is for C; C++ has ump_server.hpp"
#elif !defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L
#error "typed.h needs C11: compile with -std=c11 or a later standard"
#else

#include "../ump_server.h"

#if defined(__GNUC__)
#pragma GCC diagnostic error "-Wincompatible-pointer-types"
#pragma GCC diagnostic error "-Wint-conversion"
#pragma GCC diagnostic error "-Wimplicit-function-declaration"
#pragma GCC diagnostic error "-Wenum-conversion"
#define UMP__TYPED static inline __attribute__((unused))
#else
#define UMP__TYPED static inline
#endif

/**
 * UMP_TYPED(name, request, reply, post, codes);
 *
 * Create the typed API of one server.  It must be at file scope, in a header or a source file, with
 * the semicolon.
 *
 * `request`, `reply` and `post` are types of values, written so that `type *` is a pointer to one
 * (an array or a pointer to a function needs a typedef), or UMP_NONE: the server takes no requests,
 * its answers carry no value, it takes no posts.  `codes` is a macro that lists the handler's own
 * codes as above, `code(NAME, value, text)` for each, or UMP_NONE.
 *
 * UMP_TYPED(adder, struct add, int, struct note, ADDER_CODES) creates:
 *
 * @code
 * typedef ... adder_client, adder_post_client, adder_weak_client, adder_wait_reply,
 *             adder_reply_context, adder_server, adder_thread, adder_task, adder_combining,
 *             adder_workers;
 * struct adder;                 // the handler's self
 * struct adder_handler;         // the handler's functions: see UMP_TYPED_HANDLER
 * struct adder_message;         // what a raw receiving end receives
 * enum adder_code;              // ADDER_OVERFLOW = 1, ADDER_TIRED = 2
 *
 * // The text of ADDER_CODES for a handler's code, or that of ump_strerror.
 * const char *adder_strerror(int result);
 *
 * int adder_client_clone(adder_client client, adder_client *out);
 * void adder_client_drop(adder_client *client);
 * int adder_client_req(adder_client client, const struct add *msg, int *reply, ump_time deadline);
 * int adder_client_req_async(adder_client client, const struct add *msg, adder_wait_reply *out);
 * int adder_client_req_async_until(adder_client client, const struct add *msg,
 *                                  adder_wait_reply *out, ump_time deadline);
 * int adder_client_req_completion(adder_client client, const struct add *msg,
 *                                 ump_completions *completions, void *tag);
 * int adder_client_req_completion_until(adder_client client, const struct add *msg,
 *                                       ump_completions *completions, void *tag,
 *                                       ump_time deadline, uint64_t *id);
 * // The `self` of the call is the asking handler's; adder_answer converts its `reply`.
 * int adder_client_ask(adder_client client, const struct add *msg, ump_time deadline,
 *                      ump_answer_call *call, void *arg, uint64_t *id);
 * const int *adder_answer(const void *reply);
 * int adder_client_watch_call(adder_client client, ump_answer_call *call, void *arg,
 *                             uint64_t *id);
 * int adder_client_reserve(adder_client client, ump_completions *completions, void *tag);
 * int adder_client_watch(adder_client client, ump_completions *completions, void *tag);
 * int adder_client_stats(adder_client client, struct ump_stats *out);
 * int adder_client_stop(adder_client client, void *value, void (*drop)(void *value));
 * int adder_suspend_for(adder_client client, ump_suspension **out);
 * int adder_client_post(adder_client client, const struct note *msg);
 * int adder_client_post_until(adder_client client, const struct note *msg, ump_time deadline);
 * // The controller has no types: ump_delayed_cancel and the like.
 * int adder_client_post_at(adder_client client, const struct note *msg, ump_time due,
 *                          int64_t period, ump_delayed **out);
 * int adder_client_post_client(adder_client client, adder_post_client *out);
 * int adder_post_client_clone(adder_post_client client, adder_post_client *out);
 * void adder_post_client_drop(adder_post_client *client);
 * int adder_post_client_post(adder_post_client client, const struct note *msg);
 * int adder_post_client_post_until(adder_post_client client, const struct note *msg,
 *                                  ump_time deadline);
 * int adder_post_client_post_at(adder_post_client client, const struct note *msg, ump_time due,
 *                               int64_t period, ump_delayed **out);
 * int adder_post_client_stop(adder_post_client client, void *value, void (*drop)(void *value));
 * int adder_post_client_reserve(adder_post_client client, ump_completions *completions,
 *                               void *tag);
 * int adder_post_client_stats(adder_post_client client, struct ump_stats *out);
 * int adder_post_client_weak(adder_post_client client, adder_weak_client *out);
 * int adder_post_client_watch(adder_post_client client, ump_completions *completions, void *tag);
 * int adder_post_client_watch_call(adder_post_client client, ump_answer_call *call, void *arg,
 *                                  uint64_t *id);
 * int adder_client_weak(adder_client client, adder_weak_client *out);
 * int adder_weak_client_clone(adder_weak_client weak, adder_weak_client *out);
 * void adder_weak_client_drop(adder_weak_client *weak);
 * int adder_weak_client_upgrade(adder_weak_client weak, adder_client *out);
 * int adder_weak_client_stop(adder_weak_client weak, void *value, void (*drop)(void *value));
 * int adder_weak_client_watch(adder_weak_client weak, ump_completions *completions, void *tag);
 * int adder_weak_client_watch_call(adder_weak_client weak, ump_answer_call *call, void *arg,
 *                                  uint64_t *id);
 * int adder_weak_client_stats(adder_weak_client weak, struct ump_stats *out);
 *
 * int adder_wait_reply_wait(adder_wait_reply *wait_reply, int *reply, ump_time deadline);
 * int adder_wait_reply_try(adder_wait_reply *wait_reply, int *reply);
 * void adder_wait_reply_drop(adder_wait_reply *wait_reply);
 *
 * // The value in the completion of one of this server's requests; NULL if there is none.
 * // A completion queue holds the answers of any servers: the tag must tell which one this is.
 * const int *adder_completion_reply(const struct ump_completion *completion);
 *
 * int adder_reply(adder_reply_context *rc, const int *value);
 * int adder_reply_fail(adder_reply_context *rc, enum adder_code code);
 * void adder_reply_drop(adder_reply_context *rc);
 * adder_reply_context adder_reply_keep(adder_reply_context *rc);
 * int adder_reply_hold(adder_reply_context rc);
 * int *adder_reply_buffer(adder_reply_context rc);
 * bool adder_reply_origin_gone(adder_reply_context rc);
 * ump_time adder_reply_deadline(adder_reply_context rc);
 * ump_time adder_deadline_inherit(adder_reply_context rc, ump_time own);
 *
 * // Runs `handler` on a thread.  The types and alignments of messages in `config` are not read;
 * // NULL means defaults.  `self` is the server's from the call on: the handler's `drop` is called
 * // exactly once, also if spawning fails, whatever the code.
 * int adder_spawn_thread(const struct ump_config *config, const struct adder_handler *handler,
 *                        struct adder *self, adder_client *client, adder_thread *thread);
 * int adder_thread_watch(adder_thread thread, ump_completions *completions, void *tag);
 * int adder_thread_join(adder_thread *thread, struct ump_flow *how, ump_time deadline);
 * void adder_thread_drop(adder_thread *thread);
 *
 * // As adder_spawn_thread, for an event loop.
 * int adder_spawn_task(const struct ump_config *config, const struct adder_handler *handler,
 *                      struct adder *self, adder_client *client, adder_task *task);
 * int adder_task_fd(adder_task task);
 * // Timers have no types: a callback calls ump_timer_start, and the `self` of the due call is a
 * // struct adder.
 * ump_time adder_task_due(adder_task task);
 * bool adder_task_dispatch(adder_task task, size_t budget);
 * int adder_task_run(adder_task task, ump_time deadline);
 * int adder_task_watch(adder_task task, ump_completions *completions, void *tag);
 * int adder_task_join(adder_task *task, struct ump_flow *how);
 * void adder_task_drop(adder_task *task);
 *
 * // As adder_spawn_thread, run by its callers.
 * int adder_spawn_combining(const struct ump_config *config, const struct adder_handler *handler,
 *                        struct adder *self, adder_client *client, adder_combining *combining);
 * int adder_combining_watch(adder_combining combining, ump_completions *completions, void *tag);
 * int adder_combining_join(adder_combining *combining, struct ump_flow *how, ump_time deadline);
 * void adder_combining_drop(adder_combining *combining);
 *
 * // As adder_spawn_thread, on several threads: `selves` are those of `count` handlers, which are
 * // all dropped if spawning fails.
 * int adder_spawn_workers(const struct ump_config *config, const struct adder_handler *handler,
 *                         struct adder *const *selves, size_t count, adder_client *client,
 *                         adder_workers *workers);
 * int adder_workers_watch(adder_workers workers, ump_completions *completions, void *tag);
 * int adder_workers_stats(adder_workers workers, size_t index, struct ump_stats *out);
 * int adder_workers_join(adder_workers *workers, struct ump_flow *how, ump_time deadline);
 * void adder_workers_drop(adder_workers *workers);
 *
 * // Of `handler` only drop_request, drop_reply and drop_post are used; NULL: nothing to release.
 * int adder_channel_open(adder_server *server, adder_client *client,
 *                        const struct adder_handler *handler);
 * int adder_server_stats(adder_server server, struct ump_stats *out);
 * // Fills `*out`: for a request its members `request` and `rc`, for a post `post`; the others are
 * // NULL.  On failure all are NULL.
 * int adder_server_wait(adder_server server, struct adder_message *out, ump_time deadline);
 * int adder_server_try_pop(adder_server server, struct adder_message *out);
 * bool adder_server_was_empty(adder_server server);
 * size_t adder_server_skipped(adder_server server);
 * ump_time adder_server_due(adder_server server);
 * void adder_server_drop(adder_server *server);
 *
 * // For other functions that take a configuration and a builder: adder_configure sets the types of
 * // messages in `*config`; the `arg` of adder_builder is a struct adder_binding {handler, self}.
 * // The builder sets the binding's `bound` once the server will call `drop`; until then self is
 * // the caller's.
 * void adder_configure(struct ump_config *config, const struct adder_handler *handler);
 * int adder_builder(void *arg, ump_client *client, struct ump_handler *out);
 * @endcode
 *
 * Without requests, everything that concerns them is missing; without posts, likewise.  Without
 * reply values there is no adder_reply_buffer, adder_completion_reply and adder_answer, and
 * adder_client_req,
 * adder_wait_reply_wait, adder_wait_reply_try and adder_reply have no parameter for them.  Without
 * codes there is no adder_reply_fail.
 */
#define UMP_TYPED(name, request, reply, post, codes)                                               \
	UMP__TYPED_HANDLES(name)                                                                   \
	UMP__TYPED_CLIENTS(name)                                                                   \
	UMP__JOIN(UMP__TYPED_REQUEST_, UMP__HAS(request))                                          \
	(name, request) UMP__JOIN3(UMP__TYPED_REPLY_, UMP__HAS(request), UMP__HAS(reply))(         \
		name, request, reply) UMP__JOIN3(UMP__TYPED_CODES_, UMP__HAS(request),             \
		UMP__HAS(codes))(name, codes) UMP__JOIN(UMP__TYPED_POST_, UMP__HAS(post))(name,    \
		post) UMP__TYPED_TABLE(name, request, reply, post)                                 \
		UMP__TYPED_CONFIGURE(name, request, reply, post) UMP__TYPED_BUILDER(name)          \
			UMP__TYPED_THREAD(name) UMP__TYPED_TASK(name) UMP__TYPED_COMBINING(name)   \
				UMP__TYPED_WORKERS(name) UMP__TYPED_SERVER(name) UMP__JOIN3(       \
					UMP__TAKES_, UMP__HAS(request), UMP__HAS(post))(name)

/**
 * UMP_TYPED_HANDLER(name, handler, ...);
 *
 * Create `handler`, a `static const struct name_handler`, from initializers of its members.  It
 * must be at file scope, with the semicolon.  A server may have several, one for each
 * implementation:
 *
 * @code
 * UMP_TYPED_HANDLER(adder, calm_adder, .request = add, .post = write_down);
 * @endcode
 *
 * The members.  Each does what its namesake in struct ump_handler or struct ump_config does, and is
 * optional where that one is.
 *
 * @code
 * // Optional; as an ump_handler_builder.  `client` is lent.  If it fails, `drop` is called.
 * int (*build)(struct adder *self, adder_client client);
 * // Optional.  `me` is lent until `drop` returns.
 * int (*init)(struct adder *self, adder_weak_client me);
 * struct ump_flow (*request)(struct adder *self, const struct add *msg, adder_reply_context *rc);
 * struct ump_flow (*post)(struct adder *self, const struct note *msg);
 * // Optional: `leftover` for requests and for posts.  If one of them is missing, its messages are
 * // treated as without `leftover`.
 * void (*leftover_request)(struct adder *self, const struct add *msg, adder_reply_context *rc);
 * void (*leftover_post)(struct adder *self, const struct note *msg);
 * // Optional.
 * struct ump_flow (*term)(struct adder *self, struct ump_flow how);
 * void (*drop)(struct adder *self);
 * // Optional: release what a value without an owner points to; see struct ump_type.
 * void (*drop_request)(struct add *value);
 * void (*drop_reply)(int *value);
 * void (*drop_post)(struct note *value);
 * // Optional: `key` for requests and for posts, for adder_spawn_workers; `arg` is `key_arg` of the
 * // configuration.  If one of them is missing, the key of its messages is 0.  If both are missing,
 * // `key` of the configuration counts.
 * uint64_t (*key_request)(void *arg, const struct add *msg);
 * uint64_t (*key_post)(void *arg, const struct note *msg);
 * @endcode
 */
#define UMP_TYPED_HANDLER(name, handler, ...)                                                      \
	static const struct name##_handler handler;                                                \
	UMP__BIND(name, handler)                                                                   \
	UMP__BIND_LEFTOVER(name, handler)                                                          \
	UMP__BIND_KEY(handler)                                                                     \
	static const struct name##_handler handler = {                                             \
		.ump__untyped = {.calls = {.init = handler##__init,                                \
					 .request = handler##__request,                            \
					 .post = handler##__post,                                  \
					 .leftover = handler##__leftover,                          \
					 .term = handler##__term,                                  \
					 .drop = handler##__drop},                                 \
			.drop_request = handler##__drop_request,                                   \
			.drop_reply = handler##__drop_reply,                                       \
			.drop_post = handler##__drop_post,                                         \
			.key = handler##__key},                                                    \
		__VA_ARGS__}

/** No values of this kind: in place of a type of UMP_TYPED. */
typedef struct ump__none UMP_NONE;

/* ---- How the macros choose ----------------------------------------------------------------- */

/* UMP__HAS(UMP_NONE) is NONE, and UMP__HAS(anything else) is SOME: only for UMP_NONE does pasting
 * give the name of a macro, whose expansion adds an argument. */
#define UMP__NONE_UMP_NONE                ~, NONE
#define UMP__SECOND(first, second, ...)   second
#define UMP__CHOOSE(...)                  UMP__SECOND(__VA_ARGS__)
#define UMP__HAS(type)                    UMP__CHOOSE(UMP__NONE_##type, SOME, ~)
#define UMP__PASTE(first, second)         first##second
#define UMP__JOIN(first, second)          UMP__PASTE(first, second)
#define UMP__PASTE3(first, second, third) first##second##_##third
#define UMP__JOIN3(first, second, third)  UMP__PASTE3(first, second, third)

/* The untyped handle inside one that is consumed or filled. */
#define UMP__UNTYPED(handle)              ((handle) != NULL ? &(handle)->untyped : NULL)

/* The macros' parameters hide the member's name. */
UMP__TYPED const void *ump__completion_value(const struct ump_completion *completion)
{
	return completion->reply;
}

/* A value's type must be complete, and its alignment must be one that the library supports. */
#define UMP__TYPED_VALUE(name, type)                                                               \
	_Static_assert(sizeof(type) > 0 && _Alignof(type) <= UMP_ALIGN_MOST,                       \
		#name ": " #type " is aligned more strictly than UMP_ALIGN_MOST");

/* The last piece of UMP_TYPED: it takes the semicolon. */
#define UMP__TAKES_SOME_SOME(name) UMP__TAKES(name, true)
#define UMP__TAKES_SOME_NONE(name) UMP__TAKES(name, true)
#define UMP__TAKES_NONE_SOME(name) UMP__TAKES(name, true)
#define UMP__TAKES_NONE_NONE(name) UMP__TAKES(name, false)
#define UMP__TAKES(name, takes)                                                                    \
	_Static_assert(takes, #name ": a server takes requests, or posts, or both")

/* ---- Handles and clients ------------------------------------------------------------------- */

#define UMP__TYPED_HANDLES(name)                                                                   \
	struct name;                                                                               \
	struct name##_handler;                                                                     \
	typedef struct {                                                                           \
		ump_client *untyped;                                                               \
	} name##_client;                                                                           \
	typedef struct {                                                                           \
		ump_weak_client *untyped;                                                          \
	} name##_weak_client;                                                                      \
	typedef struct {                                                                           \
		ump_thread *untyped;                                                               \
	} name##_thread;                                                                           \
	typedef struct {                                                                           \
		ump_task *untyped;                                                                 \
	} name##_task;                                                                             \
	typedef struct {                                                                           \
		ump_combining *untyped;                                                            \
	} name##_combining;                                                                        \
	typedef struct {                                                                           \
		ump_workers *untyped;                                                              \
	} name##_workers;                                                                          \
	typedef struct {                                                                           \
		ump_server *untyped;                                                               \
	} name##_server;                                                                           \
	typedef struct {                                                                           \
		ump_reply_context *untyped;                                                        \
	} name##_reply_context;

#define UMP__TYPED_CLIENTS(name)                                                                   \
	UMP__TYPED int name##_client_reserve(                                                      \
		name##_client client_, ump_completions *completions_, void *tag_)                  \
	{                                                                                          \
		return ump_client_reserve(client_.untyped, completions_, tag_);                    \
	}                                                                                          \
	UMP__TYPED int name##_client_watch(                                                        \
		name##_client client_, ump_completions *completions_, void *tag_)                  \
	{                                                                                          \
		return ump_client_watch(client_.untyped, completions_, tag_);                      \
	}                                                                                          \
	UMP__TYPED int name##_client_watch_call(                                                   \
		name##_client client_, ump_answer_call *call_, void *arg_, uint64_t *id_)          \
	{                                                                                          \
		return ump_client_watch_call(client_.untyped, call_, arg_, id_);                   \
	}                                                                                          \
	UMP__TYPED int name##_client_stats(name##_client client_, struct ump_stats *out_)          \
	{                                                                                          \
		return ump_client_stats(client_.untyped, out_);                                    \
	}                                                                                          \
	UMP__TYPED int name##_suspend_for(name##_client client_, ump_suspension **out_)            \
	{                                                                                          \
		return ump_suspend_for(client_.untyped, out_);                                     \
	}                                                                                          \
	UMP__TYPED int name##_weak_client_watch(                                                   \
		name##_weak_client weak_, ump_completions *completions_, void *tag_)               \
	{                                                                                          \
		return ump_weak_client_watch(weak_.untyped, completions_, tag_);                   \
	}                                                                                          \
	UMP__TYPED int name##_weak_client_watch_call(                                              \
		name##_weak_client weak_, ump_answer_call *call_, void *arg_, uint64_t *id_)       \
	{                                                                                          \
		return ump_weak_client_watch_call(weak_.untyped, call_, arg_, id_);                \
	}                                                                                          \
	UMP__TYPED int name##_weak_client_stats(name##_weak_client weak_, struct ump_stats *out_)  \
	{                                                                                          \
		return ump_weak_client_stats(weak_.untyped, out_);                                 \
	}                                                                                          \
	UMP__TYPED int name##_client_stop(                                                         \
		name##_client client_, void *value_, void (*drop_)(void *value))                   \
	{                                                                                          \
		return ump_client_stop(client_.untyped, value_, drop_);                            \
	}                                                                                          \
	UMP__TYPED int name##_weak_client_stop(                                                    \
		name##_weak_client weak_, void *value_, void (*drop_)(void *value))                \
	{                                                                                          \
		return ump_weak_client_stop(weak_.untyped, value_, drop_);                         \
	}                                                                                          \
	UMP__TYPED int name##_client_clone(name##_client client_, name##_client *out_)             \
	{                                                                                          \
		return ump_client_clone(client_.untyped, UMP__UNTYPED(out_));                      \
	}                                                                                          \
	UMP__TYPED void name##_client_drop(name##_client *client_)                                 \
	{                                                                                          \
		ump_client_drop(UMP__UNTYPED(client_));                                            \
	}                                                                                          \
	UMP__TYPED int name##_client_weak(name##_client client_, name##_weak_client *out_)         \
	{                                                                                          \
		return ump_client_weak(client_.untyped, UMP__UNTYPED(out_));                       \
	}                                                                                          \
	UMP__TYPED int name##_weak_client_clone(                                                   \
		name##_weak_client weak_, name##_weak_client *out_)                                \
	{                                                                                          \
		return ump_weak_client_clone(weak_.untyped, UMP__UNTYPED(out_));                   \
	}                                                                                          \
	UMP__TYPED void name##_weak_client_drop(name##_weak_client *weak_)                         \
	{                                                                                          \
		ump_weak_client_drop(UMP__UNTYPED(weak_));                                         \
	}                                                                                          \
	UMP__TYPED int name##_weak_client_upgrade(name##_weak_client weak_, name##_client *out_)   \
	{                                                                                          \
		return ump_weak_client_upgrade(weak_.untyped, UMP__UNTYPED(out_));                 \
	}

/* ---- Requests ------------------------------------------------------------------------------ */

#define UMP__TYPED_REQUEST_SOME(name, request)                                                     \
	UMP__TYPED_VALUE(name, request)                                                            \
	typedef struct {                                                                           \
		ump_wait_reply *untyped;                                                           \
	} name##_wait_reply;                                                                       \
	UMP__TYPED int name##_client_req_async(                                                    \
		name##_client client_, request const *msg_, name##_wait_reply *out_)               \
	{                                                                                          \
		return ump_client_req_async(client_.untyped, msg_, UMP__UNTYPED(out_));            \
	}                                                                                          \
	UMP__TYPED int name##_client_req_async_until(name##_client client_, request const *msg_,   \
		name##_wait_reply *out_, ump_time deadline_)                                       \
	{                                                                                          \
		return ump_client_req_async_until(                                                 \
			client_.untyped, msg_, UMP__UNTYPED(out_), deadline_);                     \
	}                                                                                          \
	UMP__TYPED int name##_client_req_completion(name##_client client_, request const *msg_,    \
		ump_completions *completions_, void *tag_)                                         \
	{                                                                                          \
		return ump_client_req_completion(client_.untyped, msg_, completions_, tag_);       \
	}                                                                                          \
	UMP__TYPED int name##_client_req_completion_until(name##_client client_,                   \
		request const *msg_, ump_completions *completions_, void *tag_,                    \
		ump_time deadline_, uint64_t *id_)                                                 \
	{                                                                                          \
		return ump_client_req_completion_until(                                            \
			client_.untyped, msg_, completions_, tag_, deadline_, id_);                \
	}                                                                                          \
	UMP__TYPED int name##_client_ask(name##_client client_, request const *msg_,               \
		ump_time deadline_, ump_answer_call *call_, void *arg_, uint64_t *id_)             \
	{                                                                                          \
		return ump_client_ask(client_.untyped, msg_, deadline_, call_, arg_, id_);         \
	}                                                                                          \
	UMP__TYPED void name##_wait_reply_drop(name##_wait_reply *wait_reply_)                     \
	{                                                                                          \
		ump_wait_reply_drop(UMP__UNTYPED(wait_reply_));                                    \
	}                                                                                          \
	UMP__TYPED void name##_reply_drop(name##_reply_context *rc_)                               \
	{                                                                                          \
		ump_reply_drop(UMP__UNTYPED(rc_));                                                 \
	}                                                                                          \
	UMP__TYPED name##_reply_context name##_reply_keep(name##_reply_context *rc_)               \
	{                                                                                          \
		name##_reply_context kept_ = {ump_reply_keep(UMP__UNTYPED(rc_))};                  \
		return kept_;                                                                      \
	}                                                                                          \
	UMP__TYPED int name##_reply_hold(name##_reply_context rc_)                                 \
	{                                                                                          \
		return ump_reply_hold(rc_.untyped);                                                \
	}                                                                                          \
	UMP__TYPED ump_time name##_reply_deadline(name##_reply_context rc_)                        \
	{                                                                                          \
		return ump_reply_deadline(rc_.untyped);                                            \
	}                                                                                          \
	UMP__TYPED ump_time name##_deadline_inherit(name##_reply_context rc_, ump_time own_)       \
	{                                                                                          \
		return ump_deadline_inherit(rc_.untyped, own_);                                    \
	}                                                                                          \
	UMP__TYPED bool name##_reply_origin_gone(name##_reply_context rc_)                         \
	{                                                                                          \
		return ump_reply_origin_gone(rc_.untyped);                                         \
	}
#define UMP__TYPED_REQUEST_NONE(name, request)

#define UMP__TYPED_REPLY_SOME_SOME(name, request, reply)                                           \
	UMP__TYPED_VALUE(name, reply)                                                              \
	UMP__TYPED int name##_client_req(                                                          \
		name##_client client_, request const *msg_, reply *reply_, ump_time deadline_)     \
	{                                                                                          \
		return ump_client_req(client_.untyped, msg_, reply_, deadline_);                   \
	}                                                                                          \
	UMP__TYPED int name##_wait_reply_wait(                                                     \
		name##_wait_reply *wait_reply_, reply *reply_, ump_time deadline_)                 \
	{                                                                                          \
		return ump_wait_reply_wait(UMP__UNTYPED(wait_reply_), reply_, deadline_);          \
	}                                                                                          \
	UMP__TYPED int name##_wait_reply_try(name##_wait_reply *wait_reply_, reply *reply_)        \
	{                                                                                          \
		return ump_wait_reply_try(UMP__UNTYPED(wait_reply_), reply_);                      \
	}                                                                                          \
	UMP__TYPED int name##_reply(name##_reply_context *rc_, reply const *value_)                \
	{                                                                                          \
		return ump_reply(UMP__UNTYPED(rc_), value_);                                       \
	}                                                                                          \
	UMP__TYPED reply const *name##_answer(const void *reply_)                                  \
	{                                                                                          \
		return reply_;                                                                     \
	}                                                                                          \
	UMP__TYPED reply const *name##_completion_reply(const struct ump_completion *completion_)  \
	{                                                                                          \
		return ump__completion_value(completion_);                                         \
	}                                                                                          \
	UMP__TYPED reply *name##_reply_buffer(name##_reply_context rc_)                            \
	{                                                                                          \
		return ump_reply_buffer(rc_.untyped);                                              \
	}

#define UMP__TYPED_REPLY_SOME_NONE(name, request, reply)                                           \
	UMP__TYPED int name##_client_req(                                                          \
		name##_client client_, request const *msg_, ump_time deadline_)                    \
	{                                                                                          \
		return ump_client_req(client_.untyped, msg_, NULL, deadline_);                     \
	}                                                                                          \
	UMP__TYPED int name##_wait_reply_wait(name##_wait_reply *wait_reply_, ump_time deadline_)  \
	{                                                                                          \
		return ump_wait_reply_wait(UMP__UNTYPED(wait_reply_), NULL, deadline_);            \
	}                                                                                          \
	UMP__TYPED int name##_wait_reply_try(name##_wait_reply *wait_reply_)                       \
	{                                                                                          \
		return ump_wait_reply_try(UMP__UNTYPED(wait_reply_), NULL);                        \
	}                                                                                          \
	UMP__TYPED int name##_reply(name##_reply_context *rc_)                                     \
	{                                                                                          \
		return ump_reply(UMP__UNTYPED(rc_), NULL);                                         \
	}

#define UMP__TYPED_REPLY_NONE_NONE(name, request, reply)
#define UMP__TYPED_REPLY_NONE_SOME(name, request, reply)                                           \
	_Static_assert(false, #name ": replies need requests");

/* ---- The handler's own codes --------------------------------------------------------------- */

#define UMP__CODE_VALUE(code, value, text) code = (value),
#define UMP__CODE_CHECK(code, value, text)                                                         \
	_Static_assert((value) > 0, #code ": a code must be above 0");
#define UMP__CODE_TEXT(code, value, text)                                                          \
	case value:                                                                                \
		return text;

#define UMP__TYPED_CODES_SOME_SOME(name, codes)                                                    \
	codes(UMP__CODE_CHECK) enum name##_code{codes(UMP__CODE_VALUE)};                           \
	UMP__TYPED const char *name##_strerror(int result_)                                        \
	{                                                                                          \
		switch (result_) {                                                                 \
			codes(UMP__CODE_TEXT) default : return ump_strerror(result_);              \
		}                                                                                  \
	}                                                                                          \
	UMP__TYPED int name##_reply_fail(name##_reply_context *rc_, enum name##_code code_)        \
	{                                                                                          \
		return ump_reply_fail(UMP__UNTYPED(rc_), (int)code_);                              \
	}

#define UMP__TYPED_CODES_NONE_NONE(name, codes) UMP__TYPED_CODES_SOME_NONE(name, codes)
#define UMP__TYPED_CODES_SOME_NONE(name, codes)                                                    \
	UMP__TYPED const char *name##_strerror(int result_)                                        \
	{                                                                                          \
		return ump_strerror(result_);                                                      \
	}
#define UMP__TYPED_CODES_NONE_SOME(name, codes)                                                    \
	_Static_assert(false, #name ": codes need requests, whose answers they are");

/* ---- Posts --------------------------------------------------------------------------------- */

#define UMP__TYPED_POST_SOME(name, post)                                                           \
	UMP__TYPED_VALUE(name, post)                                                               \
	typedef struct {                                                                           \
		ump_post_client *untyped;                                                          \
	} name##_post_client;                                                                      \
	UMP__TYPED int name##_client_post(name##_client client_, post const *msg_)                 \
	{                                                                                          \
		return ump_client_post(client_.untyped, msg_);                                     \
	}                                                                                          \
	UMP__TYPED int name##_client_post_until(                                                   \
		name##_client client_, post const *msg_, ump_time deadline_)                       \
	{                                                                                          \
		return ump_client_post_until(client_.untyped, msg_, deadline_);                    \
	}                                                                                          \
	UMP__TYPED int name##_client_post_at(name##_client client_, post const *msg_,              \
		ump_time due_, int64_t period_, ump_delayed **out_)                                \
	{                                                                                          \
		return ump_client_post_at(client_.untyped, msg_, due_, period_, out_);             \
	}                                                                                          \
	UMP__TYPED int name##_post_client_post_at(name##_post_client client_, post const *msg_,    \
		ump_time due_, int64_t period_, ump_delayed **out_)                                \
	{                                                                                          \
		return ump_post_client_post_at(client_.untyped, msg_, due_, period_, out_);        \
	}                                                                                          \
	UMP__TYPED int name##_post_client_reserve(                                                 \
		name##_post_client client_, ump_completions *completions_, void *tag_)             \
	{                                                                                          \
		return ump_post_client_reserve(client_.untyped, completions_, tag_);               \
	}                                                                                          \
	UMP__TYPED int name##_post_client_stats(                                                   \
		name##_post_client client_, struct ump_stats *out_)                                \
	{                                                                                          \
		return ump_post_client_stats(client_.untyped, out_);                               \
	}                                                                                          \
	UMP__TYPED int name##_post_client_weak(                                                    \
		name##_post_client client_, name##_weak_client *out_)                              \
	{                                                                                          \
		return ump_post_client_weak(client_.untyped, UMP__UNTYPED(out_));                  \
	}                                                                                          \
	UMP__TYPED int name##_post_client_watch_call(                                              \
		name##_post_client client_, ump_answer_call *call_, void *arg_, uint64_t *id_)     \
	{                                                                                          \
		return ump_post_client_watch_call(client_.untyped, call_, arg_, id_);              \
	}                                                                                          \
	UMP__TYPED int name##_post_client_watch(                                                   \
		name##_post_client client_, ump_completions *completions_, void *tag_)             \
	{                                                                                          \
		return ump_post_client_watch(client_.untyped, completions_, tag_);                 \
	}                                                                                          \
	UMP__TYPED int name##_post_client_post_until(                                              \
		name##_post_client client_, post const *msg_, ump_time deadline_)                  \
	{                                                                                          \
		return ump_post_client_post_until(client_.untyped, msg_, deadline_);               \
	}                                                                                          \
	UMP__TYPED int name##_post_client_stop(                                                    \
		name##_post_client client_, void *value_, void (*drop_)(void *value))              \
	{                                                                                          \
		return ump_post_client_stop(client_.untyped, value_, drop_);                       \
	}                                                                                          \
	UMP__TYPED int name##_client_post_client(name##_client client_, name##_post_client *out_)  \
	{                                                                                          \
		return ump_client_post_client(client_.untyped, UMP__UNTYPED(out_));                \
	}                                                                                          \
	UMP__TYPED int name##_post_client_clone(                                                   \
		name##_post_client client_, name##_post_client *out_)                              \
	{                                                                                          \
		return ump_post_client_clone(client_.untyped, UMP__UNTYPED(out_));                 \
	}                                                                                          \
	UMP__TYPED void name##_post_client_drop(name##_post_client *client_)                       \
	{                                                                                          \
		ump_post_client_drop(UMP__UNTYPED(client_));                                       \
	}                                                                                          \
	UMP__TYPED int name##_post_client_post(name##_post_client client_, post const *msg_)       \
	{                                                                                          \
		return ump_post_client_post(client_.untyped, msg_);                                \
	}
#define UMP__TYPED_POST_NONE(name, post)

/* ---- The handler --------------------------------------------------------------------------- */

/* A typed handler's functions as the library calls them; UMP_TYPED_HANDLER makes them. */
struct ump__untyped_handler {
	struct ump_handler calls;
	void (*drop_request)(void *value);
	void (*drop_reply)(void *value);
	void (*drop_post)(void *value);
	uint64_t (*key)(void *arg, const void *msg, bool request);
};

/* For a kind of message that the server does not take, the members exist with UMP_NONE in place of
 * a type, so that no function matches them. */
#define UMP__TYPED_TABLE(name, request_type, reply_type, post_type)                                \
	struct name##_handler {                                                                    \
		int (*build)(struct name * self, name##_client client);                            \
		int (*init)(struct name * self, name##_weak_client me);                            \
		struct ump_flow (*request)(                                                        \
			struct name * self, request_type const *msg, name##_reply_context *rc);    \
		struct ump_flow (*post)(struct name * self, post_type const *msg);                 \
		void (*leftover_request)(                                                          \
			struct name * self, request_type const *msg, name##_reply_context *rc);    \
		void (*leftover_post)(struct name * self, post_type const *msg);                   \
		struct ump_flow (*term)(struct name * self, struct ump_flow how);                  \
		void (*drop)(struct name * self);                                                  \
		void (*drop_request)(request_type * value);                                        \
		void (*drop_reply)(reply_type * value);                                            \
		void (*drop_post)(post_type * value);                                              \
		uint64_t (*key_request)(void *arg, request_type const *msg);                       \
		uint64_t (*key_post)(void *arg, post_type const *msg);                             \
		struct ump__untyped_handler ump__untyped;                                          \
	};                                                                                         \
	struct name##_message {                                                                    \
		request_type const *request;                                                       \
		name##_reply_context rc;                                                           \
		post_type const *post;                                                             \
	};                                                                                         \
	struct name##_binding {                                                                    \
		const struct name##_handler *handler;                                              \
		struct name *self;                                                                 \
		bool bound;                                                                        \
	};

/* The library calls these, and they call on through the table, which the compiler knows. */
#define UMP__BIND(name, handler)                                                                   \
	static int handler##__init(void *self_, ump_weak_client *me_)                              \
	{                                                                                          \
		name##_weak_client typed_ = {me_};                                                 \
		return handler.init(self_, typed_);                                                \
	}                                                                                          \
	static struct ump_flow handler##__request(                                                 \
		void *self_, const void *msg_, ump_reply_context **rc_)                            \
	{                                                                                          \
		name##_reply_context typed_ = {*rc_};                                              \
		struct ump_flow flow_ = handler.request(self_, msg_, &typed_);                     \
		*rc_ = typed_.untyped;                                                             \
		return flow_;                                                                      \
	}                                                                                          \
	static struct ump_flow handler##__post(void *self_, const void *msg_)                      \
	{                                                                                          \
		return handler.post(self_, msg_);                                                  \
	}                                                                                          \
	static struct ump_flow handler##__term(void *self_, struct ump_flow how_)                  \
	{                                                                                          \
		return handler.term(self_, how_);                                                  \
	}                                                                                          \
	static void handler##__drop(void *self_)                                                   \
	{                                                                                          \
		handler.drop(self_);                                                               \
	}

#define UMP__BIND_LEFTOVER(name, handler)                                                          \
	static void handler##__drop_request(void *value_)                                          \
	{                                                                                          \
		handler.drop_request(value_);                                                      \
	}                                                                                          \
	static void handler##__drop_reply(void *value_)                                            \
	{                                                                                          \
		handler.drop_reply(value_);                                                        \
	}                                                                                          \
	static void handler##__drop_post(void *value_)                                             \
	{                                                                                          \
		handler.drop_post(value_);                                                         \
	}                                                                                          \
	static void handler##__leftover_request(                                                   \
		void *self_, const void *msg_, ump_reply_context **rc_)                            \
	{                                                                                          \
		name##_reply_context typed_ = {*rc_};                                              \
		if (handler.leftover_request != NULL)                                              \
			handler.leftover_request(self_, msg_, &typed_);                            \
		*rc_ = typed_.untyped;                                                             \
	}                                                                                          \
	/* The post is the handler's now, and the library's copy of it may be written to. */       \
	static void handler##__leftover_post(void *self_, const void *msg_)                        \
	{                                                                                          \
		if (handler.leftover_post != NULL)                                                 \
			handler.leftover_post(self_, msg_);                                        \
		else if (handler.drop_post != NULL)                                                \
			handler.drop_post((void *)(uintptr_t)msg_);                                \
	}                                                                                          \
	static void handler##__leftover(void *self_, const void *msg_, ump_reply_context **rc_)    \
	{                                                                                          \
		if (rc_ != NULL)                                                                   \
			handler##__leftover_request(self_, msg_, rc_);                             \
		else                                                                               \
			handler##__leftover_post(self_, msg_);                                     \
	}

#define UMP__BIND_KEY(handler)                                                                     \
	static uint64_t handler##__key(void *arg_, const void *msg_, bool request_)                \
	{                                                                                          \
		if (request_)                                                                      \
			return handler.key_request != NULL ? handler.key_request(arg_, msg_) : 0;  \
		return handler.key_post != NULL ? handler.key_post(arg_, msg_) : 0;                \
	}

/* ---- Servers ------------------------------------------------------------------------------- */

#define UMP__SIZE_SOME(type)  sizeof(type)
#define UMP__SIZE_NONE(type)  0
#define UMP__SIZE(type)       UMP__JOIN(UMP__SIZE_, UMP__HAS(type))(type)
#define UMP__ALIGN_SOME(type) _Alignof(type)
#define UMP__ALIGN_NONE(type) 0
#define UMP__ALIGN(type)      UMP__JOIN(UMP__ALIGN_, UMP__HAS(type))(type)

#define UMP__TYPED_CONFIGURE(name, request_type, reply_type, post_type)                            \
	UMP__TYPED void name##_configure(                                                          \
		struct ump_config *config_, const struct name##_handler *handler_)                 \
	{                                                                                          \
		static const struct name##_handler none_;                                          \
		const struct name##_handler *from_ = handler_ != NULL ? handler_ : &none_;         \
		const struct ump__untyped_handler *untyped_ = &from_->ump__untyped;                \
		config_->request.size = UMP__SIZE(request_type);                                   \
		config_->request.drop =                                                            \
			from_->drop_request != NULL ? untyped_->drop_request : NULL;               \
		config_->reply.size = UMP__SIZE(reply_type);                                       \
		config_->reply.drop = from_->drop_reply != NULL ? untyped_->drop_reply : NULL;     \
		config_->post.size = UMP__SIZE(post_type);                                         \
		config_->post.drop = from_->drop_post != NULL ? untyped_->drop_post : NULL;        \
		config_->request_align = UMP__ALIGN(request_type);                                 \
		config_->reply_align = UMP__ALIGN(reply_type);                                     \
		config_->post_align = UMP__ALIGN(post_type);                                       \
		if (from_->key_request != NULL || from_->key_post != NULL)                         \
			config_->key = untyped_->key;                                              \
	}

#define UMP__TYPED_BUILDER(name)                                                                   \
	UMP__TYPED void name##__fill(                                                              \
		struct ump_handler *out_, const struct name##_handler *from_, struct name *self_)  \
	{                                                                                          \
		const struct ump_handler *calls_ = &from_->ump__untyped.calls;                     \
		out_->self = self_;                                                                \
		out_->init = from_->init != NULL ? calls_->init : NULL;                            \
		out_->request = from_->request != NULL ? calls_->request : NULL;                   \
		out_->post = from_->post != NULL ? calls_->post : NULL;                            \
		if (from_->leftover_request != NULL || from_->leftover_post != NULL)               \
			out_->leftover = calls_->leftover;                                         \
		out_->term = from_->term != NULL ? calls_->term : NULL;                            \
		out_->drop = from_->drop != NULL ? calls_->drop : NULL;                            \
	}                                                                                          \
	UMP__TYPED int name##_builder(void *arg_, ump_client *client_, struct ump_handler *out_)   \
	{                                                                                          \
		struct name##_binding *binding_ = arg_;                                            \
		const struct name##_handler *from_ = binding_->handler;                            \
		name##_client typed_ = {client_};                                                  \
		int code_ = 0;                                                                     \
		if (from_->build != NULL)                                                          \
			code_ = from_->build(binding_->self, typed_);                              \
		if (code_ == 0)                                                                    \
			name##__fill(out_, from_, binding_->self);                                 \
		binding_->bound = code_ == 0;                                                      \
		return code_;                                                                      \
	}

/* Each way to spawn makes self the server's from the call on. */
#define UMP__TYPED_SPAWN(name, spawn, runner)                                                      \
	UMP__TYPED int name##_##spawn(const struct ump_config *config_,                            \
		const struct name##_handler *handler_, struct name *self_, name##_client *client_, \
		name##_##runner *runner_)                                                          \
	{                                                                                          \
		struct ump_config typed_ = {0};                                                    \
		struct name##_binding binding_ = {handler_, self_, false};                         \
		int result_;                                                                       \
		if (config_ != NULL)                                                               \
			typed_ = *config_;                                                         \
		name##_configure(&typed_, handler_);                                               \
		result_ = ump_##spawn(&typed_, handler_ != NULL ? name##_builder : NULL,           \
			&binding_, UMP__UNTYPED(client_), UMP__UNTYPED(runner_));                  \
		if (handler_ != NULL && handler_->drop != NULL && !binding_.bound)                 \
			handler_->drop(self_);                                                     \
		return result_;                                                                    \
	}

#define UMP__TYPED_TASK(name)                                                                      \
	UMP__TYPED_SPAWN(name, spawn_task, task)                                                   \
	UMP__TYPED int name##_task_fd(name##_task task_)                                           \
	{                                                                                          \
		return ump_task_fd(task_.untyped);                                                 \
	}                                                                                          \
	UMP__TYPED ump_time name##_task_due(name##_task task_)                                     \
	{                                                                                          \
		return ump_task_due(task_.untyped);                                                \
	}                                                                                          \
	UMP__TYPED bool name##_task_dispatch(name##_task task_, size_t budget_)                    \
	{                                                                                          \
		return ump_task_dispatch(task_.untyped, budget_);                                  \
	}                                                                                          \
	UMP__TYPED int name##_task_run(name##_task task_, ump_time deadline_)                      \
	{                                                                                          \
		return ump_task_run(task_.untyped, deadline_);                                     \
	}                                                                                          \
	UMP__TYPED int name##_task_watch(                                                          \
		name##_task task_, ump_completions *completions_, void *tag_)                      \
	{                                                                                          \
		return ump_task_watch(task_.untyped, completions_, tag_);                          \
	}                                                                                          \
	UMP__TYPED int name##_task_join(name##_task *task_, struct ump_flow *how_)                 \
	{                                                                                          \
		return ump_task_join(UMP__UNTYPED(task_), how_);                                   \
	}                                                                                          \
	UMP__TYPED void name##_task_drop(name##_task *task_)                                       \
	{                                                                                          \
		ump_task_drop(UMP__UNTYPED(task_));                                                \
	}

#define UMP__TYPED_THREAD(name)                                                                    \
	UMP__TYPED_SPAWN(name, spawn_thread, thread)                                               \
	UMP__TYPED int name##_thread_watch(                                                        \
		name##_thread thread_, ump_completions *completions_, void *tag_)                  \
	{                                                                                          \
		return ump_thread_watch(thread_.untyped, completions_, tag_);                      \
	}                                                                                          \
	UMP__TYPED int name##_thread_join(                                                         \
		name##_thread *thread_, struct ump_flow *how_, ump_time deadline_)                 \
	{                                                                                          \
		return ump_thread_join(UMP__UNTYPED(thread_), how_, deadline_);                    \
	}                                                                                          \
	UMP__TYPED void name##_thread_drop(name##_thread *thread_)                                 \
	{                                                                                          \
		ump_thread_drop(UMP__UNTYPED(thread_));                                            \
	}

#define UMP__TYPED_WORKERS(name)                                                                   \
	struct name##_crew {                                                                       \
		const struct name##_handler *handler;                                              \
		struct name *const *selves;                                                        \
		size_t bound;                                                                      \
	};                                                                                         \
	UMP__TYPED int name##_crew_builder(                                                        \
		void *arg_, ump_client *client_, struct ump_handler *out_)                         \
	{                                                                                          \
		struct name##_crew *crew_ = arg_;                                                  \
		struct name##_binding binding_ = {                                                 \
			crew_->handler, crew_->selves[crew_->bound], false};                       \
		int result_ = name##_builder(&binding_, client_, out_);                            \
		crew_->bound += binding_.bound;                                                    \
		return result_;                                                                    \
	}                                                                                          \
	UMP__TYPED int name##_spawn_workers(const struct ump_config *config_,                      \
		const struct name##_handler *handler_, struct name *const *selves_, size_t count_, \
		name##_client *client_, name##_workers *workers_)                                  \
	{                                                                                          \
		struct ump_config typed_ = {0};                                                    \
		struct name##_crew crew_ = {handler_, selves_, 0};                                 \
		bool there_ = handler_ != NULL && selves_ != NULL;                                 \
		int result_;                                                                       \
		if (config_ != NULL)                                                               \
			typed_ = *config_;                                                         \
		name##_configure(&typed_, handler_);                                               \
		result_ = ump_spawn_workers(&typed_, there_ ? name##_crew_builder : NULL, &crew_,  \
			count_, UMP__UNTYPED(client_), UMP__UNTYPED(workers_));                    \
		for (; there_ && handler_->drop != NULL && crew_.bound < count_; crew_.bound++)    \
			handler_->drop(selves_[crew_.bound]);                                      \
		return result_;                                                                    \
	}                                                                                          \
	UMP__TYPED int name##_workers_watch(                                                       \
		name##_workers workers_, ump_completions *completions_, void *tag_)                \
	{                                                                                          \
		return ump_workers_watch(workers_.untyped, completions_, tag_);                    \
	}                                                                                          \
	UMP__TYPED int name##_workers_stats(                                                       \
		name##_workers workers_, size_t index_, struct ump_stats *out_)                    \
	{                                                                                          \
		return ump_workers_stats(workers_.untyped, index_, out_);                          \
	}                                                                                          \
	UMP__TYPED int name##_workers_join(                                                        \
		name##_workers *workers_, struct ump_flow *how_, ump_time deadline_)               \
	{                                                                                          \
		return ump_workers_join(UMP__UNTYPED(workers_), how_, deadline_);                  \
	}                                                                                          \
	UMP__TYPED void name##_workers_drop(name##_workers *workers_)                              \
	{                                                                                          \
		ump_workers_drop(UMP__UNTYPED(workers_));                                          \
	}

#define UMP__TYPED_COMBINING(name)                                                                 \
	UMP__TYPED_SPAWN(name, spawn_combining, combining)                                         \
	UMP__TYPED int name##_combining_watch(                                                     \
		name##_combining combining_, ump_completions *completions_, void *tag_)            \
	{                                                                                          \
		return ump_combining_watch(combining_.untyped, completions_, tag_);                \
	}                                                                                          \
	UMP__TYPED int name##_combining_join(                                                      \
		name##_combining *combining_, struct ump_flow *how_, ump_time deadline_)           \
	{                                                                                          \
		return ump_combining_join(UMP__UNTYPED(combining_), how_, deadline_);              \
	}                                                                                          \
	UMP__TYPED void name##_combining_drop(name##_combining *combining_)                        \
	{                                                                                          \
		ump_combining_drop(UMP__UNTYPED(combining_));                                      \
	}

#define UMP__TYPED_SERVER(name)                                                                    \
	UMP__TYPED int name##_channel_open(name##_server *server_, name##_client *client_,         \
		const struct name##_handler *handler_)                                             \
	{                                                                                          \
		struct ump_config config_ = {0};                                                   \
		name##_configure(&config_, handler_);                                              \
		return ump_channel_open(UMP__UNTYPED(server_), UMP__UNTYPED(client_), &config_);   \
	}                                                                                          \
	/* Both kinds came through one pointer; the context tells which it is. */                  \
	UMP__TYPED void name##__receive(                                                           \
		struct name##_message *out_, const void *msg_, ump_reply_context *rc_)             \
	{                                                                                          \
		out_->request = rc_ != NULL ? msg_ : NULL;                                         \
		out_->rc.untyped = rc_;                                                            \
		out_->post = rc_ != NULL ? NULL : msg_;                                            \
	}                                                                                          \
	UMP__TYPED int name##_server_wait(                                                         \
		name##_server server_, struct name##_message *out_, ump_time deadline_)            \
	{                                                                                          \
		const void *msg_ = NULL;                                                           \
		ump_reply_context *rc_ = NULL;                                                     \
		int result_;                                                                       \
		if (out_ == NULL)                                                                  \
			return UMP_INVALID;                                                        \
		result_ = ump_server_wait(server_.untyped, &msg_, &rc_, deadline_);                \
		name##__receive(out_, msg_, rc_);                                                  \
		return result_;                                                                    \
	}                                                                                          \
	UMP__TYPED int name##_server_try_pop(name##_server server_, struct name##_message *out_)   \
	{                                                                                          \
		const void *msg_ = NULL;                                                           \
		ump_reply_context *rc_ = NULL;                                                     \
		int result_;                                                                       \
		if (out_ == NULL)                                                                  \
			return UMP_INVALID;                                                        \
		result_ = ump_server_try_pop(server_.untyped, &msg_, &rc_);                        \
		name##__receive(out_, msg_, rc_);                                                  \
		return result_;                                                                    \
	}                                                                                          \
	UMP__TYPED int name##_server_stats(name##_server server_, struct ump_stats *out_)          \
	{                                                                                          \
		return ump_server_stats(server_.untyped, out_);                                    \
	}                                                                                          \
	UMP__TYPED bool name##_server_was_empty(name##_server server_)                             \
	{                                                                                          \
		return ump_server_was_empty(server_.untyped);                                      \
	}                                                                                          \
	UMP__TYPED size_t name##_server_skipped(name##_server server_)                             \
	{                                                                                          \
		return ump_server_skipped(server_.untyped);                                        \
	}                                                                                          \
	UMP__TYPED ump_time name##_server_due(name##_server server_)                               \
	{                                                                                          \
		return ump_server_due(server_.untyped);                                            \
	}                                                                                          \
	UMP__TYPED void name##_server_drop(name##_server *server_)                                 \
	{                                                                                          \
		ump_server_drop(UMP__UNTYPED(server_));                                            \
	}

#endif /* C11 */

#endif
