// SPDX-License-Identifier: GPL-3.0-or-later
#include "view/top_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "view/table.hpp"
#include "view/text.hpp"

namespace octroi {
namespace {

// ECMA-48 select graphic rendition.
constexpr std::string_view bold = "1";
constexpr std::string_view dim = "2";
constexpr std::string_view reverse = "7";
constexpr std::string_view green = "32";
constexpr std::string_view cyan = "36";
constexpr std::string_view alarm = "1;37;41";
constexpr std::string_view title_style = "1;36";
constexpr std::string_view paused_style = "1;30;43";
constexpr std::string_view received_bold = "1;32";
constexpr std::string_view sent_bold = "1;36";
constexpr std::string_view green_on_cyan = "32;46";

// Blocks that fill 0 to 8 eighths of a column from its left edge.
constexpr std::array<std::string_view, 9> eighth_blocks{" ", "▏", "▎", "▍", "▌",
                                                        "▋", "▊", "▉", "█"};

// One line of the screen. Counts the columns that its text fills; styles fill none.
class ScreenLine {
public:
    ScreenLine(int width, const ScreenOptions& options) : width_(width), options_(options) {}

    ScreenLine& add(std::string_view text, std::string_view style = {}) {
        const std::string shown = cut(text, width_ - used_, options_.unicode ? "…" : "~");
        used_ += text_width(shown);
        put(shown, options_.colour && !shown.empty() ? style : std::string_view{});
        return *this;
    }
    ScreenLine& space(int columns) {
        return columns > 0 ? add(std::string(static_cast<std::size_t>(columns), ' ')) : *this;
    }
    ScreenLine& pad_to(int column) { return space(column - used_); }
    [[nodiscard]] int used() const { return used_; }
    [[nodiscard]] int available() const { return width_ - used_; }
    [[nodiscard]] std::string finish() {
        put("", {});
        return std::move(out_);
    }

private:
    // Styles are switched only where they change.
    void put(std::string_view text, std::string_view style) {
        if (style != style_) {
            if (!style_.empty()) out_ += "\x1b[0m";
            if (!style.empty()) fmt::format_to(std::back_inserter(out_), "\x1b[{}m", style);
            style_ = style;
        }
        out_ += text;
    }

    int width_;
    const ScreenOptions& options_;
    int used_ = 0;
    std::string_view style_;
    std::string out_;
};

enum class Field { name, account, received, sent, bar, packets, total, share };

struct ScreenColumn {
    Field field;
    int width;
};

constexpr int rate_width = 11;
constexpr int total_width = 10;
constexpr int exact_total_width = 19;
constexpr int packets_width = 9;
constexpr int share_width = 6;
constexpr int between = 2;
constexpr int margin = 1;

class Screen {
public:
    Screen(const TopModel& model, ScreenSize size, const ScreenOptions& options)
        : model_(model), size_(size), options_(options) {}

    std::string frame() {
        const bool small = size_.rows < 8 || size_.columns < 40;
        if (small) {
            one_line_header();
        } else {
            header();
            graphs();
            losses();
        }
        const int foot = small ? 0 : 1;
        table(size_.rows - static_cast<int>(lines_.size()) - foot);
        if (foot > 0) {
            while (static_cast<int>(lines_.size()) < size_.rows - 1) blank();
            footer();
        }
        return joined();
    }

private:
    ScreenLine line() const { return {size_.columns, options_}; }
    // Clears the rest of the line (EL), except after a full line: there the cursor is still on the
    // last column, and EL would erase its character.
    void push(ScreenLine& l) {
        const bool full = l.available() <= 0;
        lines_.push_back(l.finish() + (full ? "" : "\x1b[K"));
    }
    void blank() { lines_.emplace_back("\x1b[K"); }

    std::string arrow(bool received) const {
        if (options_.unicode) return received ? "↓" : "↑";
        return received ? "in" : "out";
    }
    std::string_view dot() const { return options_.unicode ? " · " : " - "; }

    TopRates now() const {
        const auto& history = model_.totals().history;
        return history.empty() ? TopRates{} : history.back();
    }

    std::string interfaces() const {
        return printable(fmt::format("{}", fmt::join(model_.interfaces(), ", ")));
    }

    void one_line_header() {
        ScreenLine l = line();
        l.add(fmt::format("{} {}  ", arrow(true), rate_text(now().received)), received_bold);
        l.add(fmt::format("{} {}", arrow(false), rate_text(now().sent)), sent_bold);
        if (model_.totals().lost_packets > 0) l.add("  LOSSES", alarm);
        push(l);
    }

    void header() {
        ScreenLine l = line();
        l.space(margin).add("octroi top", title_style);
        if (!model_.interfaces().empty()) l.add(dot(), dim).add(interfaces());
        std::string right;
        if (model_.totals().samples > 0)
            right = fmt::format("{} {}", local_text(model_.totals().at, options_.zone, true),
                                options_.zone.name());
        const std::string_view state = model_.paused() ? " PAUSED " : "";
        const int need = text_width(right) + text_width(state) + margin + (state.empty() ? 0 : 1);
        if (l.available() > need + 1) {
            l.pad_to(size_.columns - need);
            if (!state.empty()) l.add(state, paused_style).space(1);
            l.add(right, dim);
        } else if (!state.empty()) {
            l.space(1).add(state, paused_style);
        }
        push(l);
    }

    int graph_rows() const {
        return size_.rows >= 30 ? 4 : size_.rows >= 20 ? 3 : size_.rows >= 14 ? 2 : 1;
    }

    std::vector<std::uint64_t> history(bool received) const {
        std::vector<std::uint64_t> values;
        for (const TopRates& r : model_.totals().history)
            values.push_back(received ? r.received : r.sent);
        return values;
    }

    // Received traffic on the left, sent traffic on the right.
    void graphs() {
        const int half = (size_.columns - 2 * margin - between) / 2;
        const auto& totals = model_.totals();
        blank();
        ScreenLine title = line();
        title.space(margin);
        caption(title, true, now().received, totals.peak.received);
        title.pad_to(margin + half + between);
        caption(title, false, now().sent, totals.peak.sent);
        push(title);
        const auto in = drawn(true, half);
        const auto out = drawn(false, half);
        for (std::size_t i = 0; i < in.size(); ++i) {
            ScreenLine l = line();
            l.space(margin).add(in[i], green).space(between).add(out[i], cyan);
            push(l);
        }
        ScreenLine sums = line();
        sums.space(margin).add(since_start(totals.received_bytes), dim);
        sums.pad_to(margin + half + between).add(since_start(totals.sent_bytes), dim);
        push(sums);
    }

    std::string since_start(std::uint64_t bytes) const {
        const std::string_view unit = model_.units() == Units::exact ? " B" : "";
        return fmt::format("{}{} since start", bytes_text(bytes, model_.units()), unit);
    }

    void caption(ScreenLine& l, bool received, std::uint64_t rate, std::uint64_t peak) const {
        const int half = (size_.columns - 2 * margin - between) / 2;
        const std::string name =
            fmt::format("{} {}  ", arrow(received), received ? "received" : "sent");
        const std::string value = rate_text(rate);
        const std::string most = fmt::format("{}peak {}", dot(), rate_text(peak));
        l.add(name, received ? green : cyan).add(value, received ? received_bold : sent_bold);
        if (text_width(name) + text_width(value) + text_width(most) <= half) l.add(most, dim);
    }

    std::vector<std::string> drawn(bool received, int columns) const {
        const auto values = history(received);
        const auto shown = std::min(values.size(), static_cast<std::size_t>(std::max(columns, 0)));
        std::uint64_t top = 0;
        for (std::size_t i = values.size() - shown; i < values.size(); ++i)
            top = std::max(top, values[i]);
        return graph(values, top, columns, graph_rows(), options_.unicode);
    }

    void losses() {
        const auto& totals = model_.totals();
        if (totals.lost_packets == 0 && totals.excluded_bytes == 0) return blank();
        ScreenLine l = line();
        if (totals.lost_packets == 0) {
            l.space(margin).add(excluded_text(), dim);
            return push(l);
        }
        l.space(margin).add(fmt::format(" {} packets lost ", count_text(totals.lost_packets)),
                            alarm);
        if (totals.lost_in_last_sample > 0)
            l.add(fmt::format(" {} just now", count_text(totals.lost_in_last_sample)), bold);
        l.add("  the figures below are too low", dim);
        push(l);
    }

    // "4.05 Mbit/s excluded, 12 MiB since start": in none of the figures above.
    std::string excluded_text() const {
        const auto& totals = model_.totals();
        return fmt::format("{} excluded (in no sum), {}", rate_text(totals.excluded_rate),
                           since_start(totals.excluded_bytes));
    }

    // ---- the table ------------------------------------------------------------------------------

    std::vector<ScreenColumn> places(int longest_name) const {
        const int columns = size_.columns;
        const int total = model_.units() == Units::exact ? exact_total_width : total_width;
        std::vector<ScreenColumn> places{{Field::name, 0}};
        const bool with_account = model_.group() == TopGroup::identity && columns >= 84;
        if (with_account) places.push_back({Field::account, columns >= 120 ? 20 : 14});
        places.push_back({Field::received, rate_width});
        places.push_back({Field::sent, rate_width});
        if (columns >= 110) places.push_back({Field::packets, packets_width});
        if (columns >= 58) places.push_back({Field::total, total});
        // Names are most important: there is a bar only if all names fit beside it, and a share
        // only if a bar fits beside it.
        constexpr int least_name = 14;
        constexpr int least_bar = 8;
        const int wanted = std::max(longest_name, least_name);
        int rest = columns - 2 * margin;
        for (const ScreenColumn& p : places)
            rest -= p.width + (p.field == Field::name ? 0 : between);
        if (rest >= wanted + between + least_bar + between + share_width) {
            places.push_back({Field::share, share_width});
            rest -= between + share_width;
        }
        places.front().width = std::max(rest, 4);
        if (rest >= wanted + between + least_bar) {
            places.front().width = wanted;
            places.push_back({Field::bar, rest - wanted - between});
        }
        return places;
    }

    std::string heading(Field field) const {
        const auto marked = [&](std::string_view title, TopSort sort) {
            if (model_.sort() != sort) return std::string(title);
            return fmt::format("{}{}", options_.unicode ? "▾" : "*", title);
        };
        switch (field) {
            case Field::name:
                return marked(group_title(), TopSort::name);
            case Field::account:
                return "Account";
            case Field::received:
                return marked("Received", TopSort::received);
            case Field::sent:
                return marked("Sent", TopSort::sent);
            case Field::packets:
                return marked("Packets/s", TopSort::packets);
            case Field::total:
                return marked("Total", TopSort::total);
            case Field::share:
                return "Share";
            case Field::bar:
                return marked("Rate", TopSort::rate);
        }
        return {};
    }

    std::string_view group_title() const {
        switch (model_.group()) {
            case TopGroup::identity:
                return "Identity";
            case TopGroup::account:
                return "Account";
            case TopGroup::service:
                return "Service";
            case TopGroup::peer:
                return "Far end";
        }
        return {};
    }

    static bool left_aligned(Field f) {
        return f == Field::name || f == Field::account || f == Field::bar;
    }

    void table(int rows) {
        if (rows < 1) return;
        const std::vector<TopLine> all = model_.lines();
        if (all.empty()) return empty_table(rows);
        std::uint64_t most = 1;
        std::uint64_t whole = 0;
        for (const TopLine& l : all) {
            if (!l.excluded) most = std::max(most, l.rate());
            if (!l.excluded) whole = checked_add(whole, l.rate()).value_or(UINT64_MAX);
        }
        // Do not scroll past the last page: it is full if there are enough rows.
        const auto visible = static_cast<std::size_t>(rows - 1);
        const std::size_t last = all.size() > visible ? all.size() - visible : 0;
        const std::size_t begin = std::min(model_.scroll(), last);
        const std::span<const TopLine> page =
            std::span(all).subspan(begin, std::min(visible, all.size() - begin));
        int longest_name = text_width(heading(Field::name));
        for (const TopLine& row : page)
            longest_name = std::max(longest_name, text_width(printable(row.name)));
        const std::vector<ScreenColumn> columns = places(longest_name);
        ScreenLine head = line();
        head.space(margin);
        for (const ScreenColumn& p : columns) {
            if (head.used() > margin) head.space(between);
            head.add(
                fit(heading(p.field), p.width, left_aligned(p.field) ? Align::left : Align::right),
                bold);
        }
        push(head);
        for (const TopLine& row : page) table_row(row, columns, most, whole);
        if (all.size() > begin + visible) rows_below_ = all.size() - begin - visible;
    }

    void table_row(const TopLine& row, const std::vector<ScreenColumn>& columns, std::uint64_t most,
                   std::uint64_t whole) {
        ScreenLine l = line();
        l.space(margin);
        const bool idle = row.rate() == 0;
        for (const ScreenColumn& p : columns) {
            if (l.used() > margin) l.space(between);
            if (p.field == Field::bar) {
                bar(l, row, most, p.width);
            } else {
                l.add(fit(value(row, p.field, whole), p.width,
                          left_aligned(p.field) ? Align::left : Align::right),
                      style(row, p.field, idle));
            }
        }
        push(l);
    }

    std::string_view style(const TopLine& row, Field field, bool idle) const {
        if (idle) return dim;
        switch (field) {
            case Field::name:
                return row.name.starts_with('@') ? dim : bold;
            case Field::account:
                return row.account.starts_with('@') ? dim : "";
            case Field::received:
                return green;
            case Field::sent:
                return cyan;
            default:
                return "";
        }
    }

    std::string value(const TopLine& row, Field field, std::uint64_t whole) const {
        switch (field) {
            case Field::name:
                return printable(row.name);
            case Field::account:
                return printable(row.account);
            case Field::received:
                return rate_or_dash(row.received_rate);
            case Field::sent:
                return rate_or_dash(row.sent_rate);
            case Field::packets:
                return count_text(row.packet_rate);
            case Field::total:
                return bytes_column_text(row.total_bytes, model_.units());
            case Field::share:
                return row.rate() == 0 || row.excluded ? "" : share_text(row.rate(), whole);
            case Field::bar:
                return {};
        }
        return {};
    }

    std::string rate_or_dash(std::uint64_t rate) const {
        if (rate > 0) return rate_column_text(rate);
        return options_.unicode ? "–       " : "-       ";
    }

    // Received and sent side by side in one bar, exact to an eighth of a column. The row with the
    // highest rate fills the width.
    void bar(ScreenLine& l, const TopLine& row, std::uint64_t most, int width) const {
        const int begin = l.used();
        const auto eighths = [&](std::uint64_t value) {
            const double part = static_cast<double>(value) / static_cast<double>(most);
            return static_cast<int>(std::lround(part * width * 8));
        };
        const int received = eighths(row.received_rate);
        const std::uint64_t rate =
            checked_add(row.received_rate, row.sent_rate).value_or(UINT64_MAX);
        // A value above 0 must be visible.
        const int both = std::max(eighths(rate), rate > 0 ? 1 : 0);
        for (int i = 0; i < width && i * 8 < both; ++i)
            bar_column(l, std::clamp(received - i * 8, 0, 8), std::min(both - i * 8, 8));
        l.pad_to(begin + width);
    }

    // One column of a bar: `received` eighths are received traffic, `filled` eighths are filled.
    void bar_column(ScreenLine& l, int received, int filled) const {
        if (!options_.unicode) {
            l.add(received >= 4 ? "#" : filled >= 4 ? "+" : " ", received >= 4 ? green : cyan);
        } else if (!options_.colour) {
            const bool mostly_sent = 2 * received < filled && filled >= 4;
            l.add(mostly_sent ? "▒" : eighth_blocks.at(static_cast<std::size_t>(filled)));
        } else if (received > 0 && received < filled && filled == 8) {
            l.add(eighth_blocks.at(static_cast<std::size_t>(received)), green_on_cyan);
        } else {
            l.add(eighth_blocks.at(static_cast<std::size_t>(filled)),
                  2 * received >= filled ? green : cyan);
        }
    }

    void empty_table(int rows) {
        if (rows < 2) return;
        blank();
        ScreenLine l = line();
        const std::string where = model_.interfaces().empty() ? "" : " on " + interfaces();
        if (model_.totals().samples < 5) {
            l.space(margin).add(fmt::format("Waiting for traffic{} …", where), dim);
        } else {
            l.space(margin).add(
                fmt::format("No traffic seen{} yet. `octroi doctor` looks for the reason.", where));
        }
        push(l);
    }

    void footer() {
        ScreenLine l = line();
        l.space(margin);
        const std::string sort = fmt::format("sort: {}", to_string(model_.sort()));
        const std::string group = fmt::format("by: {}", to_string(model_.group()));
        const std::array<std::pair<std::string_view, std::string>, 6> keys{{
            {"q", "quit"},
            {"g", group},
            {"s", sort},
            {"p", model_.paused() ? "continue" : "pause"},
            {"u", "units"},
            {options_.unicode ? "↑↓" : "jk", "scroll"},
        }};
        for (const auto& [key, text] : keys) {
            if (l.available() < text_width(key) + text_width(text) + 5) break;
            l.add(fmt::format(" {} ", key), reverse).add(fmt::format(" {}  ", text));
        }
        const std::string more =
            rows_below_ > 0 ? fmt::format("{} more below", count_text(rows_below_)) : "";
        if (!more.empty() && l.available() > text_width(more) + margin)
            l.pad_to(size_.columns - margin - text_width(more)).add(more, dim);
        push(l);
    }

    std::string joined() const {
        // Terminals with mode 2026 (synchronised output) show the frame at once; others ignore it.
        std::string out = "\x1b[?2026h\x1b[H";
        const auto count =
            std::min(lines_.size(), static_cast<std::size_t>(std::max(size_.rows, 0)));
        for (std::size_t i = 0; i < count; ++i) {
            // No line end after the last line, because it would scroll the screen.
            if (i > 0) out += "\r\n";
            out += lines_[i];
        }
        out += "\x1b[J\x1b[?2026l";
        return out;
    }

    const TopModel& model_;
    ScreenSize size_;
    const ScreenOptions& options_;
    std::vector<std::string> lines_;
    std::uint64_t rows_below_ = 0;
};

}  // namespace

std::vector<std::string> graph(std::span<const std::uint64_t> values, std::uint64_t top,
                               int columns, int rows, bool unicode) {
    static constexpr std::array<std::string_view, 9> eighths{" ", "▁", "▂", "▃", "▄",
                                                             "▅", "▆", "▇", "█"};
    static constexpr std::array<std::string_view, 3> ascii{" ", ".", "#"};
    const std::uint64_t steps = unicode ? 8 : 2;
    std::vector<std::string> lines(static_cast<std::size_t>(std::max(rows, 0)));
    const auto width = static_cast<std::size_t>(std::max(columns, 0));
    const std::size_t shown = std::min(values.size(), width);
    const auto newest = values.last(shown);
    for (std::size_t row = 0; row < lines.size(); ++row) {
        lines[row].append(width - shown, ' ');
        const std::uint64_t below = (lines.size() - 1 - row) * steps;
        for (const std::uint64_t value : newest) {
            const double part =
                top == 0 ? 0 : static_cast<double>(std::min(value, top)) / static_cast<double>(top);
            auto height = static_cast<std::uint64_t>(
                std::lround(part * static_cast<double>(lines.size() * steps)));
            if (value > 0) height = std::max<std::uint64_t>(height, 1);
            const std::uint64_t here = height <= below ? 0 : std::min(height - below, steps);
            lines[row] += unicode ? eighths.at(here) : ascii.at(here);
        }
    }
    return lines;
}

std::string render(const TopModel& model, ScreenSize size, const ScreenOptions& options) {
    if (size.columns < 1 || size.rows < 1) return {};
    return Screen(model, size, options).frame();
}

}  // namespace octroi
