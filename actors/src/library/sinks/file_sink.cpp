#include "library/sinks/file_sink.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "millrace/engine/fault_point.hpp"
#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

// Large enough that a system call is cheap against formatting what it writes.
constexpr std::size_t buffer_bytes = std::size_t{64} << 10;
// Each is an archive of its own: small ones pack badly.
constexpr std::size_t packed_buffer_bytes = std::size_t{256} << 10;
// Of all folders together: many folders have small buffers.
constexpr std::size_t buffered_bytes_max = std::size_t{32} << 20;
constexpr std::size_t descriptors_max = 64;
constexpr std::size_t folders_max = 10'000;
constexpr std::size_t name_bytes_max = 200;

/// A value as part of a folder's name: what would mislead a path or a handle goes as %xx.
void append_name(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte != 0x7f && c != '/' && c != '%' && c != '=' && c != '\\') {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15U];
    }
  }
}

}  // namespace

result<void> file_sink::configure(wiring& w) {
  const auto f = *format_ == "csv" ? record_writer::format::csv : record_writer::format::jsonl;
  writer_ = record_writer{f, *time_format_ == "iso" ? time_format::iso : time_format::ns};
  if (path_->empty()) return user_error(errc::invalid_argument, "parameter 'path' is empty: name a folder");
  return find_split_fields(w);
}

result<void> file_sink::find_split_fields(wiring& w) {
  split_fields_.clear();
  if (split_by_->empty()) return {};
  const auto type = dynamic_input_type(w, "in");
  if (type == nullptr) return {};
  for (const auto& name : split_list(*split_by_, ',')) {
    const auto at = find_field(type->schema(), name, "split_by");
    if (!at) return at.error();
    split_fields_.push_back(*at);
  }
  return {};
}

result<void> file_sink::recover(context& c, epoch_id restored, const std::vector<prepared>& handles) {
  packer_ = make_packer(*compress_);
  files_ = segment_files{*path_,
                         c.actor_name(),
                         c.partition(),
                         "." + *format_,
                         packer_ == nullptr ? "" : packer_->extension(),
                         !split_by_->empty()};
  if (auto ok = files_.prepare_folders(); !ok) return ok;
  for (const auto& p : handles) {
    if (auto ok = commit(c, p.epoch, p.handle); !ok) return ok;
  }
  (void)engine::fault_point("sink.rolled_forward");
  if (auto ok = files_.discard_pending(); !ok) return ok;
  if (restored == epoch_id{}) return refuse_foreign_segments();
  const auto withdrawn = files_.withdraw_after(restored);
  if (!withdrawn) return withdrawn.error();
  if (*withdrawn != 0) {
    c.log(log_level::warning, "went back to snapshot " + std::to_string(restored.value) + ": withdrew " +
                                  std::to_string(*withdrawn) + " newer output files, they will be written again");
  }
  return {};
}

/// Nothing is committed before the first snapshot, so what is there belongs to somebody else: mixing would spoil both.
result<void> file_sink::refuse_foreign_segments() const {
  auto found = files_.any_segment();
  if (!found) return found.error();
  if (!*found) return {};
  return user_error(errc::already_exists,
                    "the output folder '" + *path_ + "' holds output of an earlier run ('" + **found +
                        "'), and this run starts from the beginning: give it a new folder in 'path', or the earlier "
                        "run's data directory to go on where that ended");
}

/// Only going back to the snapshot is safe.
error file_sink::lost_file() const {
  return fatal_error(
      errc::io_error,
      "'" + lost_ + "' could not be made durable earlier; it has to be written again from the last snapshot");
}

const std::string& file_sink::folder_of(const record_view& record) {
  folder_.clear();
  std::string text;
  for (const auto index : split_fields_) {
    const auto& field = record.schema().fields[index];
    text.clear();
    append_text(text, field.type, record.field(index), time_format::iso);
    append_name(folder_, field.name);
    folder_ += '=';
    const auto start = folder_.size();
    append_name(folder_, text.empty() ? "none" : text);
    if (folder_.size() - start > name_bytes_max) {
      throw std::runtime_error("the value of '" + field.name +
                               "' is too long for the name of a folder: " + std::to_string(text.size()) + " bytes");
    }
    folder_ += '/';
  }
  return folder_;
}

segment_writer& file_sink::writer_for(const record_view& record) {
  const auto& folder = folder_of(record);
  const auto at = open_.find(folder);
  if (at != open_.end()) return at->second;
  if (open_.size() >= folders_max) {
    throw std::runtime_error("more than " + std::to_string(folders_max) +
                             " folders between two snapshots: 'split_by' has too many values, or snapshots come too "
                             "rarely");
  }
  return open_.emplace(folder, segment_writer{folder}).first->second;
}

bool file_sink::is_to_be_rolled(const segment_writer& w, processing_time now) const {
  if (*roll_mib_ != 0 && w.bytes() >= static_cast<std::uint64_t>(*roll_mib_) << 20) return true;
  return *roll_after_s_ != 0 && !w.is_empty() && now - w.begun >= std::chrono::seconds{*roll_after_s_};
}

void file_sink::on_record(context& c, const record_view& record) {
  if (!lost_.empty()) throw std::runtime_error(lost_file().message);
  auto& w = writer_for(record);
  // Before the event is taken: when this fails the event is still the caller's, and trying again does not write it
  // twice.
  const auto room = [](result<void> ok) {
    if (!ok) throw std::runtime_error(ok.error().message);
  };
  const auto now = *roll_after_s_ == 0 ? processing_time{} : c.now();
  if (is_to_be_rolled(w, now)) room(roll(w));
  if (w.buffer().size() >= (packer_ == nullptr ? buffer_bytes : packed_buffer_bytes)) room(flush(w));
  if (buffered_ >= buffered_bytes_max) room(flush_all());
  const auto before = w.buffer().size();
  if (w.is_empty()) w.begun = now;
  if (w.is_empty() && *header_ && *format_ == "csv") record_writer::append_header(w.buffer(), record.schema());
  writer_.append(w.buffer(), record);
  buffered_ += w.buffer().size() - before;
}

result<void> file_sink::flush(segment_writer& w) {
  if (!w.is_open() && descriptors_ >= descriptors_max) {
    for (auto& [folder, other] : open_) other.rest();
    descriptors_ = 0;
  }
  if (!w.is_open()) ++descriptors_;
  const auto before = w.held();
  auto ok = w.flush(files_, packer_.get());
  // Packing may make a little more of what does not pack at all.
  buffered_ -= std::min(buffered_, before - std::min(before, w.held()));
  return ok;
}

result<void> file_sink::flush_all() {
  for (auto& [folder, w] : open_) {
    if (auto ok = flush(w); !ok) return ok;
  }
  return {};
}

result<void> file_sink::roll(segment_writer& w) {
  if (auto ok = flush(w); !ok) return ok;
  if (auto ok = w.sync(files_); !ok) {
    lost_ = files_.pending_path(w.pending());
    return ok;
  }
  rolled_.push_back(w.finish());
  return {};
}

/// All that is open becomes durable segments.
result<void> file_sink::end_segments() {
  const bool together = open_.size() > segment_files::synced_singly_max;
  if (together) {
    if (auto ok = files_.sync_file_system(); !ok) {
      lost_ = *path_;
      return ok;
    }
  }
  for (auto& [folder, w] : open_) {
    if (together) {
      rolled_.push_back(w.finish());
    } else if (auto ok = roll(w); !ok) {
      return ok;
    }
  }
  open_.clear();
  return {};
}

result<std::string> file_sink::prepare(context&, epoch_id epoch) {
  std::erase_if(open_, [](const auto& w) { return w.second.is_empty(); });
  if (open_.empty() && rolled_.empty()) return std::string{};
  if (auto ok = flush_all(); !ok) return ok.error();
  if (!lost_.empty()) return lost_file();
  if (auto ok = end_segments(); !ok) return ok.error();
  buffered_ = descriptors_ = 0;
  if (auto ok = files_.sync_pending_folder(); !ok) return ok.error();
  std::map<std::string, std::uint32_t> parts;
  auto segments = std::exchange(rolled_, {});
  for (auto& s : segments) {
    auto& folder = s.final_name;
    const bool has_parts = *roll_mib_ != 0 || *roll_after_s_ != 0;
    folder += has_parts ? files_.final_name(epoch, parts[folder]++) : files_.final_name(epoch);
  }
  return text_of(segments);
}

result<void> file_sink::commit(context&, epoch_id, const std::string& handle) {
  const auto segments = parse_segments(handle);
  if (!segments) return segments.error();
  return files_.commit(*segments);
}

}  // namespace millrace::library
