#include "chaos/report_chart.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <vector>

namespace millrace::chaos {

namespace {

constexpr double width = 860;
constexpr double height = 150;
constexpr double left = 52;
constexpr double right = 8;
constexpr double bottom = 22;
// Samples are a tenth of a second apart. Over a longer gap nobody knows: a line would be made up.
constexpr double gap_s = 0.45;
constexpr double letter_width = 6.2;
constexpr double name_shift_max = 70;

double seconds(std::chrono::milliseconds t) {
  return std::chrono::duration<double>(t).count();
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", v);
  return text;
}

std::string attribute(const char* name, double v) {
  return std::string{" "} + name + "=\"" + number(v) + "\"";
}

/// Steps of 1, 2, 2.5 or 5 times a power of ten, `parts` of them at most.
double step_for(double most, int parts) {
  const auto least = std::max(most, 1e-9) / parts;
  const auto power = std::pow(10, std::floor(std::log10(least)));
  for (const double f : {1.0, 2.0, 2.5, 5.0}) {
    if (least <= f * power * (1 + 1e-9)) return f * power;
  }
  return 10 * power;
}

class chart {
public:
  chart(const outcome& o, const chart_request& c) : o_{o}, c_{c}, top_{c.names_phases ? 34.0 : 8.0} {
    double most = std::max(c.reference, 1e-3);
    for (const auto& s : o.samples) most = std::max(most, c.value(s));
    // The last question to a run that ends is answered late, or not at all.
    auto known = o.samples.size();
    while (known > 1 && seconds(o.samples[known - 1].at - o.samples[known - 2].at) > gap_s) --known;
    if (known != 0) end_s_ = std::max(end_s_, seconds(o.samples[known - 1].at));
    step_ = step_for(most * 1.02, 4);
    most_ = step_ * std::ceil(most * 1.02 / step_);
  }

  std::string draw() {
    const auto title = escaped(c_.title);
    out_ = "<h3>" + title + "</h3>\n<svg viewBox=\"0 0 " + number(width) + " " + number(top_ + height) +
           "\" role=\"img\" aria-label=\"" + title + "\">\n";
    faults();
    axes();
    phases();
    if (c_.reference > 0) line("reference", left, y(c_.reference), width - right, y(c_.reference));
    series();
    return std::move(out_) + "</svg>\n";
  }

private:
  [[nodiscard]] double x(double s) const { return left + (width - left - right) * std::min(s / end_s_, 1.0); }
  [[nodiscard]] double floor() const { return top_ + height - bottom; }
  [[nodiscard]] double y(double v) const { return floor() - (height - bottom) * std::clamp(v / most_, 0.0, 1.0); }

  void line(const char* style, double x1, double y1, double x2, double y2) {
    out_ += std::string{"<line class=\""} + style + "\"" + attribute("x1", x1) + attribute("y1", y1) +
            attribute("x2", x2) + attribute("y2", y2) + "/>\n";
  }
  void text(const char* style, const char* anchor, double at_x, double at_y, const std::string& what) {
    out_ += std::string{"<text class=\""} + style + "\" text-anchor=\"" + anchor + "\"" + attribute("x", at_x) +
            attribute("y", at_y) + ">" + escaped(what) + "</text>\n";
  }

  void faults() {
    double free_from = 0;  // names that would overlap are left to the table
    for (const auto& f : o_.faults) {
      const auto from = x(seconds(f.begun));
      const auto to = std::max(x(seconds(f.ended)), from + 3);
      const auto kind = f.text.value("kind", "");
      out_ += "<rect class=\"band\"" + attribute("x", from) + attribute("y", top_) + attribute("width", to - from) +
              attribute("height", height - bottom) + "><title>" + escaped(kind + ", " + std::to_string(f.hits)) +
              " hits</title></rect>\n";
      const auto wide = static_cast<double>(kind.size()) * letter_width;
      const auto at = std::min(from, width - right - wide);
      if (!c_.names_phases || at < free_from) continue;
      text("fault", "start", at, top_ - 4, kind);
      free_from = at + wide + 8;
    }
    recovery(free_from);
  }

  /// When the run was what it had been before.
  void recovery(double free_from) {
    if (!o_.found.recovery) return;
    std::chrono::milliseconds ended{};
    for (const auto& f : o_.faults) ended = std::max(ended, f.ended);
    const auto at = x(seconds(ended + *o_.found.recovery));
    line("back", at, top_, at, floor());
    if (c_.names_phases) text("back-name", "start", std::max(at, free_from), top_ - 4, "back");
  }

  void phases() {
    double free_from = 0;
    for (const auto& [name, at] : o_.phases) {
      if (name == "oracle" || name == "compare") continue;
      const auto at_x = x(seconds(at));
      line("phase", at_x, top_, at_x, floor());
      // A short phase's name stands a little behind its line.
      const auto name_x = std::max(at_x, free_from);
      if (!c_.names_phases || name_x - at_x > name_shift_max) continue;
      text("name", "start", name_x, 11, name);
      free_from = name_x + static_cast<double>(name.size()) * letter_width + 8;
    }
  }

  void axes() {
    for (double v = 0; v <= most_ * 1.001; v += step_) {
      line("grid", left, y(v), width - right, y(v));
      text("tick", "end", left - 6, y(v) + 4, short_number(v));
    }
    const auto every = step_for(end_s_, 10);
    for (double s = 0; s <= end_s_; s += every) text("tick", "middle", x(s), top_ + height - 6, short_number(s) + " s");
  }

  void series() {
    std::string points;
    double before = 0;
    const auto close = [&] {
      if (!points.empty()) out_ += std::string{"<polyline class=\""} + c_.color + "\" points=\"" + points + "\"/>\n";
      points.clear();
    };
    for (const auto& s : o_.samples) {
      const auto at = seconds(s.at);
      if (at > end_s_) break;
      if (at - before > gap_s) close();
      points += number(x(at)) + "," + number(y(c_.value(s))) + " ";
      before = at;
    }
    close();
  }

  const outcome& o_;
  const chart_request& c_;
  const double top_;
  double end_s_ = 0.1;
  double step_ = 1;
  double most_ = 1;
  std::string out_;
};

}  // namespace

std::string short_number(double v) {
  constexpr std::array units{"", "k", "M", "G"};
  std::size_t unit = 0;
  for (; std::abs(v) >= 1000 && unit + 1 < units.size(); ++unit) v /= 1000;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", v == std::round(v) || v >= 100 ? 0 : v < 10 ? 2 : 1, v);
  std::string out = text;
  if (out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out + units[unit];
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string chart_svg(const outcome& o, const chart_request& c) {
  return chart{o, c}.draw();
}

}  // namespace millrace::chaos
