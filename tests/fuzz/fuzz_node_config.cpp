// Whatever the configuration file holds: no crash, and what is refused is named with its file and line.
#include <CLI/CLI.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "command/node_settings.hpp"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static CLI::App app;
  static command::node_settings of_app;
  static const bool is_made = (add_node_run_options(app, of_app), true);
  command::node_settings settings;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto taken = command::take_node_config(text, "fuzz.toml", app, settings);
  if (!is_made || (!taken && !taken.error().message.starts_with("fuzz.toml:"))) std::abort();
  if (taken && (settings.threads > 1024 || settings.labels().size() > settings.label_texts.size())) std::abort();
  return 0;
}
