#pragma once

#include <memory>
#include <string>
#include <vector>

#include "library/lua/lua_kept.hpp"
#include "library/lua/lua_script.hpp"
#include "library/processors/key_fields.hpp"
#include "millrace/patterns/keyed_cell.hpp"
#include "millrace/port.hpp"
#include "millrace/timer.hpp"
#include "millrace/wiring.hpp"

namespace millrace::library {

/// What actors that run a script share: the text, what it may use, and what it makes.
class scripted : public processor {
protected:
  /// Reads the script for what arrives; `text` or the file, whichever is given.
  [[nodiscard]] result<void> configure_script(wiring& w, bool is_body, bool has_key);
  [[nodiscard]] virtual result<void> find_text(const wiring& w, std::string& title, std::string& text) const = 0;
  virtual void on_record(context& c, const record_view& record) = 0;
  void take(context& c, const record_view& record) { on_record(c, record); }
  [[nodiscard]] lua_script& script() const noexcept { return *script_; }

  in<record_view> in_{this, "in", &scripted::take};
  out<record_view> out_{this, "out"};
  param<std::string> fields_{
      this,
      "fields",
      "",
      {.help = "Fields of what is emitted, e.g. word:string,count:int64,at:event_time; empty: those that arrive."}};
  param<std::int64_t> instructions_{
      this,
      "instructions",
      1'000'000,
      {.unit = "instructions", .min = 1'000, .max = 1e9, .help = "What one event may take."}};
  param<std::int64_t> memory_{
      this, "memory", 16, {.unit = "MiB", .min = 1, .max = 256, .help = "What Lua of one partition may keep."}};

private:
  std::unique_ptr<lua_script> script_;
};

/// Makes any number of events of each event, by a few lines of Lua.
class flat_map final : public scripted {
public:
  result<void> configure(wiring& w) override { return configure_script(w, true, false); }

private:
  [[nodiscard]] result<void> find_text(const wiring& w, std::string& title, std::string& text) const override;
  void on_record(context& c, const record_view& record) override;

  param<std::string> body_{
      this, "body", "", {.required = true, .help = "What happens with each event e, e.g. ctx:emit{word = e.text}."}};
};

/// A processor written in Lua: handlers of events and timers, with state by key.
class script_actor final : public scripted {
public:
  result<void> configure(wiring& w) override;

private:
  [[nodiscard]] result<void> find_text(const wiring& w, std::string& title, std::string& text) const override;
  void on_record(context& c, const record_view& record) override;
  void on_timer(context& c, event_time at);
  void on_clock(context& c, processing_time at);
  void apply(const lua_effects& effects);
  [[nodiscard]] lua_script::key_at_work key_at_work();

  patterns::keyed_cell<lua_kept> kept_{this, "script", "script 1"};
  timer timer_{this, "timer", &script_actor::on_timer};
  processing_timer clock_timer_{this, "clock", &script_actor::on_clock};
  param<std::string> key_{this, "key", "", {.required = true, .help = "The key's fields, separated by commas."}};
  param<std::string> text_{this, "script", "", {.help = "The script, which defines on_event(e, ctx)."}};
  param<std::string> file_{this, "script_file", "", {.is_path = true, .help = "A file that holds the script instead."}};

  key_fields key_fields_;
  std::vector<value> key_parts_;
};

}  // namespace millrace::library
