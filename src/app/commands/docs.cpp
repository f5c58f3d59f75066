// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/docs.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <memory>

#include "app/command_docs.hpp"
#include "app/commands.hpp"
#include "app/flow_rows.hpp"
#include "app/session.hpp"
#include "attribute/attributor.hpp"
#include "host/file.hpp"
#include "meter/capture/counters.hpp"
#include "meter/collector/collector.hpp"
#include "view/rows.hpp"

namespace octroi {
namespace {

std::string counters_text() {
    const std::array chapters{
        CounterChapter{"Capture", "Live interfaces and capture files.", capture::capture_counters},
        CounterChapter{"Collector", "Flow exports, from the network: what came and was decoded.",
                       collector::collector_counters},
        CounterChapter{"Flow records", "From records to readings, of collectors and of files.",
                       collector::reading_counters},
        CounterChapter{"Attribution", "From readings to transfers.", attribute_counters},
    };
    return counters_markdown(chapters);
}

// What the program knows about itself, as the files of docs/ (CI compares).
Result<ExitStatus> write_docs(Session& session, const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const OptionTable& table = option_table();
    const std::array<std::pair<const char*, std::string>, 7> files{{
        {"options.md", options_markdown(table)},
        {"octroi.schema.json", options_schema(table)},
        {"octroi.example.toml", options_example(table)},
        {"rows.md", rows_markdown() + flow_rows_markdown()},
        {"counters.md", counters_text()},
        {"commands.md", commands_markdown(session)},
        {"octroi.1", man_page(session)},
    }};
    for (const auto& [name, text] : files) TRY(replace_file(folder + "/" + name, text));
    return ExitStatus::done;
}

}  // namespace

void add_docs(const Command& app, Session& session) {
    auto folder = std::make_shared<std::string>();
    app.sub("docs", "Write the reference documentation into a folder")
        .hide()
        .operand("FOLDER", *folder, "Where to")
        .does([&session, folder] { return write_docs(session, *folder); });
}

}  // namespace octroi
