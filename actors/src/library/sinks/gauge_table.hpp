#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace millrace::library {

/// The newest numbers by labels, as Prometheus reads them (text exposition format 0.0.4).
///
/// At most `series_max` combinations of labels; values of more are counted and left out, as a monitoring system would
/// choke on them. Thread: any.
class gauge_table {
public:
  gauge_table(std::string name, std::string help, std::size_t series_max)
      : name_{std::move(name)}, help_{std::move(help)}, series_max_{series_max} {}

  /// `labels` is what stands between the braces: `host="a",disk="b"`.
  void set(const std::string& labels, double value);
  [[nodiscard]] std::string text() const;

private:
  std::string name_;
  std::string help_;
  std::size_t series_max_;
  mutable std::mutex mutex_;
  std::map<std::string, double> values_;
  std::uint64_t left_out_ = 0;
};

/// Appends `name="text"`, escaped.
void append_label(std::string& out, const std::string& name, const std::string& text);
/// `[a-zA-Z_][a-zA-Z0-9_]*`, and for metrics colons as well.
[[nodiscard]] bool is_metric_name(const std::string& name, bool is_label) noexcept;

}  // namespace millrace::library
