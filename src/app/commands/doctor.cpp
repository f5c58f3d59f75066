// SPDX-License-Identifier: GPL-3.0-or-later
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <memory>

#include "app/commands.hpp"
#include "app/ledger_access.hpp"
#include "host/file.hpp"
#include "host/filesystem.hpp"
#include "host/interfaces.hpp"
#include "host/privilege.hpp"
#include "view/units.hpp"

namespace octroi {
namespace {

enum class Verdict { good, note, wrong };

struct Finding {
    Verdict verdict = Verdict::good;
    std::string about;
    std::string what;
    std::string fix;
};

constexpr std::uint64_t little_room = 1ULL << 30U;

const char* text(Verdict verdict) {
    switch (verdict) {
        case Verdict::good:
            return "good";
        case Verdict::note:
            return "note";
        case Verdict::wrong:
            return "wrong";
    }
    return "";
}

Finding privilege() {
    const auto missing = missing_capture_capabilities();
    if (missing.empty()) return {Verdict::good, "privilege", "live capture is permitted", ""};
    const std::string names = fmt::format("{}", fmt::join(missing, ", "));
    return {
        Verdict::wrong, "privilege", "live capture needs " + names,
        fmt::format("run as root, or: setcap cap_net_raw,cap_net_admin=eip {}", program_path())};
}

Finding clock() {
    if (clock_is_synchronised()) return {Verdict::good, "clock", "disciplined", ""};
    return {
        Verdict::note, "clock",
        "the kernel says that nothing disciplines the clock: traffic may land in the wrong bucket",
        "run chrony or systemd-timesyncd (timedatectl set-ntp true), unless the hypervisor keeps "
        "the time"};
}

Finding ledger_place(const std::string& path) {
    const auto system = file_system_of(path);
    if (!system)
        return {Verdict::wrong, "ledger", system.error().text, "give another place: --ledger"};
    if (system->in_memory)
        return {Verdict::wrong, "ledger", path + " is in memory: it is gone with the next boot",
                "keep it on a disk: --ledger, or [ledger] path"};
    if (system->on_network)
        return {Verdict::wrong, "ledger",
                path + " is on a network file system: locks and syncs cannot be relied on",
                "keep it on a local disk: --ledger, or [ledger] path"};
    const std::string room = bytes_text(system->free_bytes, Units::iec) + " free";
    if (system->free_bytes < little_room)
        return {Verdict::note, "ledger", path + ": " + room,
                "make room: a full disk stops the booking"};
    return {Verdict::good, "ledger", path + ": " + room, ""};
}

bool forwards(const char* path) {
    const auto value = read_file(path, 64);
    return value && value->starts_with('1');
}

void add_interfaces(std::vector<Finding>& findings) {
    const auto all = interfaces();
    if (!all) {
        findings.push_back({Verdict::wrong, "interfaces", all.error().text, ""});
        return;
    }
    std::size_t metered = 0;
    for (const Interface& i : *all) {
        if (i.meterable) ++metered;
        findings.push_back({Verdict::good, "interface " + i.name,
                            i.meterable ? "metered by octroi run" : "left out: " + i.why_not, ""});
    }
    if (metered == 0)
        findings.push_back({Verdict::wrong, "interfaces",
                            "there is nothing that octroi run would meter",
                            "name one: octroi run --interface NAME"});
    if (metered > 1 && (forwards("/proc/sys/net/ipv4/ip_forward") ||
                        forwards("/proc/sys/net/ipv6/conf/all/forwarding")))
        findings.push_back(
            {Verdict::note, "forwarding",
             "this machine routes between interfaces: what is forwarded is counted once, but "
             "address "
             "translation (NAT) makes two flows of one, before and after it",
             "with NAT, meter the inner interface only: octroi run --interface NAME"});
}

void add_losses(Session& session, std::vector<Finding>& findings) {
    const auto ledger = open_ledger(session, OpenMode::read_only);
    if (!ledger) {
        const bool none = ledger.error().code == ErrorCode::not_found;
        findings.push_back(
            {none ? Verdict::note : Verdict::wrong, "ledger", ledger.error().text, ""});
        return;
    }
    const UtcTime now = session.clock().now();
    const auto losses = (*ledger)->losses({now - Duration::hours(24), now});
    if (!losses) {
        findings.push_back({Verdict::wrong, "ledger", losses.error().text, "octroi audit"});
        return;
    }
    const auto times = [&](std::initializer_list<LossReason> reasons) {
        return std::count_if(losses->begin(), losses->end(), [&](const MeterLoss& loss) {
            return std::find(reasons.begin(), reasons.end(), loss.loss.reason) != reasons.end();
        });
    };
    const auto report = [&](auto count, std::string_view what, std::string_view fix) {
        if (count == 0) return;
        findings.push_back(
            {Verdict::wrong, "losses",
             fmt::format("{}, {} times in the last 24 hours (octroi meters --losses)", what, count),
             std::string(fix)});
    };
    const std::size_t before = findings.size();
    report(times({LossReason::kernel_drop, LossReason::interface_drop}), "packets were dropped",
           "a larger ring: ring_size in [[meter]]; fewer processes beside it");
    report(times({LossReason::socket_drop}), "the kernel dropped datagrams of exporters",
           "a larger socket_buffer in [[meter]], as root or with sysctl net.core.rmem_max");
    report(times({LossReason::export_gap}), "exports did not arrive",
           "look on the way between exporter and collector: octroi meters --exporters says whose");
    report(times({LossReason::no_template}), "data sets came without their template",
           "let the exporter send its templates more often");
    if (findings.size() == before)
        findings.push_back({Verdict::good, "losses", "nothing was lost in the last 24 hours", ""});
}

Result<ExitStatus> examine(Session& session) {
    std::vector<Finding> findings{privilege(), clock()};
    TRY_ASSIGN(const std::string path, session.ledger_path());
    findings.push_back(ledger_place(path));
    add_losses(session, findings);
    add_interfaces(findings);
    Report report;
    report.columns = {{.key = "verdict", .title = ""},
                      {.key = "about", .title = "About"},
                      {.key = "finding", .title = "Finding"},
                      {.key = "fix", .title = "Fix"}};
    bool wrong = false;
    for (const Finding& f : findings) {
        wrong = wrong || f.verdict == Verdict::wrong;
        const Tone tone = f.verdict == Verdict::good   ? Tone::plain
                          : f.verdict == Verdict::note ? Tone::strong
                                                       : Tone::warn;
        report.rows.push_back({.cells = {std::string(text(f.verdict)), f.about, f.what,
                                         f.fix.empty() ? Cell() : Cell(f.fix)},
                               .tone = tone});
    }
    TRY(session.print(report));
    return wrong ? ExitStatus::failed : ExitStatus::done;
}

}  // namespace

void add_doctor(const Command& app, Session& session) {
    app.sub("doctor", "What on this machine would make figures wrong, and how to fix it")
        .does([&session] { return examine(session); });
}

}  // namespace octroi
