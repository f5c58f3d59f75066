// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/docs.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>

#include "app/command_docs.hpp"
#include "app/commands.hpp"
#include "app/session.hpp"
#include "host/file.hpp"
#include "meter/capture/counters.hpp"
#include "view/rows.hpp"

namespace octroi {
namespace {

std::string counters_text() {
    const std::array chapters{
        CounterChapter{"Capture", "Live interfaces and capture files.", capture::capture_counters},
    };
    return counters_markdown(chapters);
}

// What the program knows about itself, as the files of docs/ (CI compares).
Result<ExitStatus> write_docs(const CLI::App& app, const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const OptionTable& table = option_table();
    const std::array<std::pair<const char*, std::string>, 7> files{{
        {"options.md", options_markdown(table)},
        {"octroi.schema.json", options_schema(table)},
        {"octroi.example.toml", options_example(table)},
        {"rows.md", rows_markdown()},
        {"counters.md", counters_text()},
        {"commands.md", commands_markdown(app)},
        {"octroi.1", man_page(app)},
    }};
    for (const auto& [name, text] : files) TRY(replace_file(folder + "/" + name, text));
    return ExitStatus::done;
}

}  // namespace

void add_docs(CLI::App& app, Session& session) {
    auto folder = std::make_shared<std::string>();
    CLI::App* docs = app.add_subcommand("docs", "Write the reference documentation into a folder");
    docs->group("");
    docs->add_option("FOLDER", *folder, "Where to")->required();
    docs->callback([&app, &session, folder] {
        session.action = [&app, folder] { return write_docs(app, *folder); };
    });
}

}  // namespace octroi
