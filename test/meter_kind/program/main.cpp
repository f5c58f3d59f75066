// SPDX-License-Identifier: GPL-3.0-or-later
// The program with one meter kind more: everything else is the product.
#include "app/command_line.hpp"
#include "service/meter_kinds.hpp"
#include "tally_kind.hpp"

int main(int argc, char** argv) {
    const auto product = octroi::meter_kinds();
    std::vector<const octroi::MeterKind*> kinds(product.begin(), product.end());
    kinds.push_back(&octroi::tally::kind);
    return octroi::run_program(argc, argv, kinds);
}
