# SPDX-License-Identifier: 0BSD
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR s390x)
set(CMAKE_C_COMPILER s390x-linux-gnu-gcc)
# The header is the same C++ everywhere; native builds check it.
set(CMAKE_CXX_COMPILER "")
