# SPDX-License-Identifier: 0BSD
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)
# The watchdog's stacks end at the first function that has no unwind table.
set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc -funwind-tables)
# The header is the same C++ everywhere; native builds check it.
set(CMAKE_CXX_COMPILER "")
