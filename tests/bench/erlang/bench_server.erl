%% SPDX-License-Identifier: 0BSD
%% The server: a gen_server that adds one, and counts what comes.
-module(bench_server).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2]).

-record(state, {requests = 0, posts = 0, sum = 0, wrong = 0, next = #{}}).

init([]) ->
	{ok, #state{}}.

handle_call(seen, _From, State) ->
	#state{requests = Requests, posts = Posts, sum = Sum, wrong = Wrong} = State,
	{reply, {Requests, Posts, Sum, Wrong}, State};
handle_call(Number, _From, State) ->
	{reply, Number + 1, State#state{requests = State#state.requests + 1}}.

handle_cast({Client, Number}, #state{next = Next} = State) ->
	Wrong =
		case maps:get(Client, Next, 0) of
			Number -> 0;
			_ -> 1
		end,
	{noreply, State#state{
		posts = State#state.posts + 1,
		sum = State#state.sum + Number,
		wrong = State#state.wrong + Wrong,
		next = Next#{Client => Number + 1}
	}}.
