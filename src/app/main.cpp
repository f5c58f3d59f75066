// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_line.hpp"
#include "service/meter_kinds.hpp"

int main(int argc, char** argv) { return octroi::run_program(argc, argv, octroi::meter_kinds()); }
