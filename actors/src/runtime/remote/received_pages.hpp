#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "millrace/engine/recovery.hpp"
#include "millrace/engine/snapshot_store.hpp"

namespace millrace::runtime::remote {

/// One task's part of a snapshot that came from the lead, as what tasks restore from. Each page is in memory until the
/// task has taken it in. Thread: the task's.
class received_pages final : public engine::snapshot_reader {
public:
  using pages = std::map<std::uint32_t, byte_buffer>;
  received_pages(engine::snapshot_info info, std::string task, std::shared_ptr<pages> content)
      : info_{std::move(info)}, task_{std::move(task)}, content_{std::move(content)} {}

  [[nodiscard]] const engine::snapshot_info& info() const noexcept override { return info_; }
  [[nodiscard]] std::vector<std::string> tasks() const override { return {task_}; }
  result<std::vector<std::byte>> meta(std::string_view) override { return std::vector<std::byte>{}; }
  result<std::uint32_t> page_count(std::string_view) override { return static_cast<std::uint32_t>(content_->size()); }
  result<std::vector<engine::page_piece>> pieces(std::string_view) override {
    std::vector<engine::page_piece> out;
    for (const auto& [number, content] : *content_) out.push_back({number, 1});
    return out;
  }
  result<void> read(std::string_view, const engine::page_piece& piece, const page_visitor& visit) override {
    const auto page = content_->extract(static_cast<std::uint32_t>(piece.where));
    if (page.empty()) return fatal_error(errc::failed, "a page that came from the lead is asked for twice");
    return visit(page.key(), page.mapped().view());
  }

private:
  engine::snapshot_info info_;
  std::string task_;
  std::shared_ptr<pages> content_;
};

}  // namespace millrace::runtime::remote
