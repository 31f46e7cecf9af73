%% SPDX-License-Identifier: 0BSD
%% The peer in Erlang: a gen_server and processes.  The same runs as those of the harness in C
%% (tests/bench/harness/kinds.c), with the same checks.
%%
%%	bench can
%%	bench KIND [NAME=VALUE...]
-module(bench).
-export([main/0]).

-define(SLOTS, 64).
-define(PACE, 500000).

main() ->
	process_flag(trap_exit, true),
	try
		run(init:get_plain_arguments()),
		halt(0)
	catch
		throw:Text ->
			io:format(standard_error, "erlang: ~s~n", [Text]),
			halt(1);
		_:Reason ->
			io:format(standard_error, "erlang: ~p~n", [Reason]),
			halt(1)
	end.

kinds() ->
	#{
		"call" => fun call/1,
		"paced" => fun paced/1,
		"pipe" => fun pipe/1,
		"post" => fun post/1,
		"spawn" => fun spawn/1
	}.

run(["can"]) ->
	[io:format("~s~n", [Kind]) || Kind <- maps:keys(kinds())];
run([Kind | Arguments]) ->
	case kinds() of
		#{Kind := Run} ->
			Figures = Run(maps:from_list([argument(A) || A <- Arguments])),
			io:format("{\"peer\": \"erlang\", \"kind\": \"~s\"", [Kind]),
			[io:format(", \"~s\": ~w", [Name, Value]) || {Name, Value} <- Figures],
			io:format("}~n");
		_ ->
			throw("cannot do a run of the kind " ++ Kind)
	end;
run([]) ->
	throw("which kind of run?").

argument(Text) ->
	case string:split(Text, "=") of
		[Name, Value] -> {Name, list_to_integer(Value)};
		_ -> throw("there is no argument " ++ Text)
	end.

%% ---- What is measured ------------------------------------------------------------------------

%% The VM counts the work of all its threads in ms; switches are the system's, by thread.
mark() ->
	{erlang:monotonic_time(nanosecond), element(1, erlang:statistics(runtime)), switches()}.

switches() ->
	Tasks = "/proc/self/task/",
	{ok, Threads} = file:list_dir(Tasks),
	lists:sum([switches(Tasks ++ Thread ++ "/status") || Thread <- Threads]).

switches(Path) ->
	{ok, File} = file:open(Path, [read, raw]),
	{ok, Text} = file:read(File, 8192),
	ok = file:close(File),
	{match, Found} = re:run(Text, "ctxt_switches:\\s+(\\d+)", [global, {capture, [1], list}]),
	lists:sum([list_to_integer(Number) || [Number] <- Found]).

figures({{T0, Cpu0, Switches0}, {T1, Cpu1, Switches1}}, Ops) ->
	[
		{"ops", Ops},
		{"ns", (T1 - T0) / Ops},
		{"cpu", (Cpu1 - Cpu0) * 1000000 / Ops},
		{"switches", (Switches1 - Switches0) / Ops}
	].

%% Call Once with more and more operations until that takes at least half of the time asked for.
scale(#{"ops" := Ops}, Once) ->
	{Once(Ops), Ops};
scale(#{"ms" := Ms} = Run, Once) ->
	scale(Ms * 1000000, maps:get("most", Run, infinity), 256, Once).

scale(Wanted, Most, Asked, Once) ->
	%% A number is less than any atom.
	Ops = min(Asked, Most),
	{{T0, _, _}, {T1, _, _}} = Marks = Once(Ops),
	Took = T1 - T0,
	if
		Took * 2 >= Wanted; Ops =:= Most -> {Marks, Ops};
		Took * 16 < Wanted -> scale(Wanted, Most, Ops * 8, Once);
		true -> scale(Wanted, Most, trunc(Ops * 1.2 * Wanted / Took), Once)
	end.

%% ---- Servers and clients ---------------------------------------------------------------------

open() ->
	{ok, Server} = gen_server:start(bench_server, [], []),
	Server.

%% Stop the server and check what it has seen.
close(Server, Expected) ->
	Seen = gen_server:call(Server, seen, infinity),
	ok = gen_server:stop(Server),
	Seen =:= Expected orelse
		throw(io_lib:format("the server has seen ~w and not ~w", [Seen, Expected])).

%% Run Client(1..Clients) and take the time from when all of them are ready.
run_clients(Clients, Client) ->
	Me = self(),
	Pids = [
		spawn_link(fun() ->
			Me ! {ready, self()},
			receive start -> ok end,
			Client(Number),
			Me ! {done, self()}
		end)
	 || Number <- lists:seq(1, Clients)
	],
	[await(ready, Pid) || Pid <- Pids],
	timer:sleep(2),
	Begin = mark(),
	[Pid ! start || Pid <- Pids],
	[await(done, Pid) || Pid <- Pids],
	Begin.

%% A client that found something wrong has died of it.
await(What, Pid) ->
	receive
		{What, Pid} -> ok;
		{'EXIT', _, {{nocatch, Text}, _}} -> throw(Text);
		{'EXIT', _, Reason} when Reason =/= normal -> throw(io_lib:format("~p", [Reason]))
	end.

ask(Server, Number) ->
	check(gen_server:call(Server, Number, infinity), Number).

check(Reply, Number) ->
	Reply =:= Number + 1 orelse
		throw(io_lib:format("request ~w got a wrong reply: ~w", [Number, Reply])).

%% ---- The kinds -------------------------------------------------------------------------------

call(Run) ->
	Clients = maps:get("clients", Run, 1),
	{Marks, Ops} = scale(Run, fun(Ops) ->
		Server = open(),
		Each = Ops div Clients,
		Begin = run_clients(Clients, fun(_) -> call_all(Server, 0, Each) end),
		End = mark(),
		close(Server, {Each * Clients, 0, 0, 0}),
		{Begin, End}
	end),
	figures(Marks, Ops div Clients * Clients).

call_all(_, Each, Each) ->
	ok;
call_all(Server, Number, Each) ->
	ask(Server, Number),
	call_all(Server, Number + 1, Each).

%% The VM's timers count ms, so that the pace is kept on average: two requests each ms.
paced(#{"ops" := Ops}) ->
	Server = open(),
	Begin = mark(),
	Waited = paced_all(Server, element(1, Begin), 0, Ops, 0),
	{_, Cpu, Switches} = mark(),
	close(Server, {Ops, 0, 0, 0}),
	figures({Begin, {element(1, Begin) + Waited, Cpu, Switches}}, Ops);
paced(#{"ms" := Ms}) ->
	paced(#{"ops" => 1 + Ms * 1000000 div ?PACE}).

paced_all(_, _, Ops, Ops, Waited) ->
	Waited;
paced_all(Server, Begin, Number, Ops, Waited) ->
	Until = Begin + (Number + 1) * ?PACE,
	timer:sleep(max(0, (Until - erlang:monotonic_time(nanosecond)) div 1000000)),
	Before = erlang:monotonic_time(nanosecond),
	ask(Server, Number),
	Took = erlang:monotonic_time(nanosecond) - Before,
	paced_all(Server, Begin, Number + 1, Ops, Waited + Took).

pipe(Run) ->
	{Marks, Ops} = scale(Run, fun(Asked) ->
		Ops = max(Asked, ?SLOTS),
		Server = open(),
		Begin = run_clients(1, fun(_) -> pipe_all(Server, 0, Ops, queue:new()) end),
		End = mark(),
		close(Server, {Ops, 0, 0, 0}),
		{Begin, End}
	end),
	figures(Marks, max(Ops, ?SLOTS)).

pipe_all(_, Number, Ops, _) when Number =:= Ops + ?SLOTS ->
	ok;
pipe_all(Server, Number, Ops, InFlight) ->
	Left =
		if
			Number >= ?SLOTS ->
				{{value, Oldest}, Rest} = queue:out(InFlight),
				{reply, Reply} = gen_server:wait_response(Oldest, infinity),
				check(Reply, Number - ?SLOTS),
				Rest;
			true ->
				InFlight
		end,
	Next =
		if
			Number < Ops -> queue:in(gen_server:send_request(Server, Number), Left);
			true -> Left
		end,
	pipe_all(Server, Number + 1, Ops, Next).

post(Run) ->
	Clients = maps:get("clients", Run, 1),
	{Marks, Ops} = scale(Run, fun(Ops) ->
		Server = open(),
		Each = Ops div Clients,
		Begin = run_clients(Clients, fun(Client) -> post_all(Server, Client, 0, Each) end),
		%% It comes behind all posts.
		_ = gen_server:call(Server, seen, infinity),
		End = mark(),
		close(Server, {0, Each * Clients, Clients * (Each * (Each - 1) div 2), 0}),
		{Begin, End}
	end),
	figures(Marks, Ops div Clients * Clients).

post_all(_, _, Each, Each) ->
	ok;
post_all(Server, Client, Number, Each) ->
	gen_server:cast(Server, {Client, Number}),
	post_all(Server, Client, Number + 1, Each).

spawn(Run) ->
	{Marks, Ops} = scale(Run, fun(Ops) ->
		Begin = mark(),
		spawn_all(Ops),
		{Begin, mark()}
	end),
	figures(Marks, Ops).

spawn_all(0) ->
	ok;
spawn_all(Left) ->
	Server = open(),
	ask(Server, Left),
	close(Server, {1, 0, 0, 0}),
	spawn_all(Left - 1).
