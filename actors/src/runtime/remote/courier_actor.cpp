#include "runtime/remote/courier_actor.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace millrace::runtime::remote {

namespace {

// The queue of a link drains in less.
constexpr auto room_interval = std::chrono::milliseconds{2};

/// One journey to one node: encodes, sends, waits for room.
class journey {
public:
  journey(exchange& nodes, topology_instance instance, std::string node, generation incarnation,
          const std::atomic<bool>& stopping)
      : nodes_{nodes}, instance_{instance}, node_{std::move(node)}, incarnation_{incarnation}, stopping_{stopping} {}

  /// False: nobody waits for it any more, or the node cannot be reached; whoever watches the node acts on that.
  template <class Message>
  [[nodiscard]] bool send(const Message& m) {
    const auto bytes = to_bytes(instance_, incarnation_, m);
    while (!stopping_) {
      const auto sent = nodes_.send(node_, bytes.view(), exchange::urgency::bulk);
      if (sent) return true;
      if (sent.error().code == errc::limit_exceeded) is_too_large_ = true;
      if (sent.error().code != errc::unavailable || !nodes_.is_reachable(node_)) return false;
      std::this_thread::sleep_for(room_interval);
    }
    return false;
  }

  /// Something was too large for any message.
  [[nodiscard]] bool is_too_large() const noexcept { return is_too_large_; }

private:
  bool is_too_large_ = false;
  exchange& nodes_;
  topology_instance instance_;
  std::string node_;
  generation incarnation_;
  const std::atomic<bool>& stopping_;
};

/// Pages of one task, sent whenever a piece is full.
template <class Pages>
class page_pieces {
public:
  page_pieces(journey& way, Pages empty) : way_{way}, empty_{std::move(empty)}, piece_{empty_} {}

  [[nodiscard]] bool add(std::uint32_t number, bytes_view content) {
    piece_.pages.push_back({number, {content.begin(), content.end()}});
    bytes_ += content.size();
    return bytes_ < piece_bytes || finish();
  }
  [[nodiscard]] bool finish() {
    if (piece_.pages.empty()) return true;
    bytes_ = 0;
    return way_.send(std::exchange(piece_, empty_));
  }

private:
  journey& way_;
  Pages empty_;
  Pages piece_;
  std::size_t bytes_ = 0;
};

/// Errors: a page cannot be read.
result<void> bring_part(journey& way, engine::task_snapshot& part) {
  page_pieces pieces{way, part_pages{part.task, part.target.epoch, {}}};
  byte_buffer encoded;
  for (auto& p : part.rows.pages) {
    const auto content = std::exchange(p, {p.number});
    encoded.clear();
    if (auto ok = content.encode(encoded); !ok) return ok;
    if (!pieces.add(content.number, encoded.view())) return {};
  }
  if (pieces.finish()) (void)way.send(to_wire(part));
  return {};
}

result<void> bring_restore(journey& way, const restore_parcel& parcel) {
  const auto part = parcel.from->for_task(parcel.name);
  if (!part) return part.error();
  const auto& from = *part;
  page_pieces pieces{way, restore_pages{parcel.task, {}}};
  bool is_going = true;
  for (const auto& piece : from.pieces) {
    auto read = from.read(piece, [&](std::uint32_t number, bytes_view content) -> result<void> {
      is_going = is_going && pieces.add(number, content);
      if (!is_going) return retryable_error(errc::cancelled, "nobody waits for it");
      return {};
    });
    if (!is_going) break;
    if (!read) return read;
  }
  restore_request last{parcel.task, from.epoch, from.environment, !from.meta.empty(), {}, {}, parcel.replays->more};
  last.meta.assign(from.meta.begin(), from.meta.end());
  for (const auto& [task, items] : parcel.replays->items) {
    if (task == parcel.task) last.items = to_wire(items);
  }
  if (is_going && pieces.finish()) (void)way.send(last);
  return {};
}

}  // namespace

caf::behavior courier_actor(ordered_actor* self, exchange* nodes, topology_instance instance,
                            std::shared_ptr<const std::atomic<bool>> stopping) {
  self->set_default_handler(caf::drop);
  return {
      [=](const part_parcel& p) {
        journey way{*nodes, instance, p.node, p.incarnation, *stopping};
        const auto epoch = p.part->target.epoch;
        if (auto ok = bring_part(way, *p.part); !ok) {
          (void)way.send(refusal_report{epoch, ok.error().message});
        } else if (way.is_too_large()) {
          (void)way.send(refusal_report{epoch,
                                        "a task's part of the snapshot is too large to travel: 8 MiB of what is "
                                        "not in its keyed rows, dead letters included"});
        }
      },
      [=](const restore_parcel& p) {
        journey way{*nodes, instance, p.node, p.incarnation, *stopping};
        auto ok = bring_restore(way, p);
        if (ok && way.is_too_large())
          ok = fatal_error(errc::limit_exceeded, p.name + ": its state is too large to travel");
        if (ok) return;
        self->send(p.supervisor,
                   failure_message{p.task, p.incarnation, {std::move(ok).error(), failure_action::restart}});
      },
  };
}

}  // namespace millrace::runtime::remote
