// SPDX-License-Identifier: 0BSD
module bench

go 1.19
