// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/command_docs.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>

#include "app/command_line.hpp"
#include "app/session.hpp"
#include "app/version.hpp"

namespace octroi {
namespace {

// CLI11 hides what is in the group with the empty name.
bool hidden(const CLI::App& app) { return app.get_group().empty(); }

struct OptionText {
    std::string name;  // "--since TIME", "FILE…"
    std::string help;
};

std::vector<OptionText> options_of(const CLI::App& app) {
    std::vector<OptionText> texts;
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty() || option->get_name() == "--help" ||
            option->get_name() == "-h,--help")
            continue;
        std::string name = option->get_positional() ? option->get_name(true) : option->get_name();
        if (!option->get_positional() && option->get_expected_max() > 0 &&
            option->get_items_expected_max() > 0)
            name += " " + (option->get_type_name().empty() ? "TEXT" : option->get_type_name());
        texts.push_back({std::move(name), option->get_description()});
    }
    return texts;
}

// Visits every command with its full name, in the order of the table.
void each_command(const CLI::App& app, const std::string& path,
                  const std::function<void(const CLI::App&, const std::string&)>& visit) {
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App* s) { return !hidden(*s); })) {
        const std::string name = path + " " + sub->get_name();
        visit(*sub, name);
        each_command(*sub, name, visit);
    }
}

std::string roff(std::string_view text) {
    std::string escaped;
    for (const char c : text) {
        if (c == '\\')
            escaped += "\\e";
        else if (c == '-')
            escaped += "\\-";
        else
            escaped += c;
    }
    return escaped.starts_with('.') || escaped.starts_with('\'') ? "\\&" + escaped : escaped;
}

void add_man_options(std::string& page, const CLI::App& app) {
    for (const OptionText& option : options_of(app))
        page += fmt::format(".TP\n.B {}\n{}\n", roff(option.name), roff(option.help));
}

}  // namespace

std::string commands_markdown(Session& session) {
    CLI::App app;
    build_command_line(app, session);
    std::string text =
        "# Commands\n\nPrinted by the program (`./dev golden --update`); do not edit.\n";
    const auto add_options = [&](const CLI::App& command) {
        const auto options = options_of(command);
        if (options.empty()) return;
        text += "\n| option | meaning |\n| --- | --- |\n";
        for (const OptionText& option : options) {
            std::string name = option.name;
            for (std::size_t at = 0; (at = name.find('|', at)) != std::string::npos; at += 2)
                name.insert(at, "\\");
            text += fmt::format("| `{}` | {} |\n", name, option.help);
        }
    };
    text += "\n## Every command\n";
    add_options(app);
    each_command(app, "octroi", [&](const CLI::App& command, const std::string& name) {
        text += fmt::format("\n## {}\n\n{}.\n", name, command.get_description());
        add_options(command);
    });
    return text;
}

std::string man_page(Session& session) {
    CLI::App app;
    build_command_line(app, session);
    std::string page = fmt::format(
        ".\\\" Printed by the program; do not edit.\n.TH OCTROI 1 \"\" \"octroi {}\" \"User "
        "Commands\"\n.SH NAME\n"
        "octroi \\- network traffic accounting from the kernel to the invoice\n.SH SYNOPSIS\n.B "
        "octroi\n"
        ".I command\n[\n.I options\n]\n.SH OPTIONS OF EVERY COMMAND\n",
        version);
    add_man_options(page, app);
    page += ".SH COMMANDS\n";
    each_command(app, "octroi", [&](const CLI::App& command, const std::string& name) {
        page += fmt::format(".SS {}\n{}.\n", roff(name), roff(command.get_description()));
        add_man_options(page, command);
    });
    page +=
        ".SH EXIT STATUS\n.TP\n.B 0\ndone\n.TP\n.B 1\nfailed, or a check found something\n.TP\n.B "
        "2\nwrong usage or configuration\n"
        ".SH FILES\n.TP\n.I /etc/octroi/octroi.toml\nconfiguration; absent is fine\n.TP\n.I "
        "/var/lib/octroi/ledger.db\n"
        "the ledger of root; of other users $XDG_STATE_HOME/octroi/ledger.db\n"
        ".SH ENVIRONMENT\n.TP\n.B OCTROI_LEDGER\nthe ledger, as \\-\\-ledger\n.TP\n.B NO_COLOR\nno "
        "colours\n";
    return page;
}

}  // namespace octroi
