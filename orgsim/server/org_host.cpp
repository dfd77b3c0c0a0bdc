#include "orgsim/server/org_host.h"

namespace orgsim {

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

OrgHost::OrgHost(std::uint64_t seed) : seed_(seed), org_(make_org()), schema_changed_ms_(wall_clock_ms()) {}

std::shared_ptr<Org> OrgHost::make_org() const {
  OrgOptions options;
  options.seed = seed_;
  options.start_ms = wall_clock_ms();
  return std::make_shared<Org>(options);
}

OrgHost::Access::Access(OrgHost& host) : host_(&host), lock_(host.mutex_), org_(host.org_) {
  org_->set_time(wall_clock_ms());
}

void OrgHost::Access::pause(std::chrono::milliseconds duration) {
  const auto deadline = std::chrono::steady_clock::now() + duration;
  while (!host_->stopping_ && host_->changed_.wait_until(lock_, deadline) != std::cv_status::timeout) {
  }
  org_->set_time(wall_clock_ms());
}

bool OrgHost::Access::wait(std::chrono::steady_clock::time_point deadline) {
  const bool told = host_->changed_.wait_until(lock_, deadline) != std::cv_status::timeout;
  org_->set_time(wall_clock_ms());
  return told;
}

void OrgHost::Access::retake() {
  lock_.lock();
  org_->set_time(wall_clock_ms());
}

void OrgHost::Access::reset_event_stream() {
  org_->reset_event_stream();
  ++host_->stream_epoch_;
  announce();
}

void OrgHost::on_new_org(std::function<void(Org&)> attach) {
  const std::scoped_lock lock(mutex_);
  attach_ = std::move(attach);
  attach_(*org_);
}

void OrgHost::reset() {
  std::shared_ptr<Org> fresh = make_org();
  const std::scoped_lock lock(mutex_);
  if (attach_) attach_(*fresh);
  org_.swap(fresh);
  schema_changed_ms_ = wall_clock_ms();
  changed_.notify_all();
}

void OrgHost::stop() {
  const std::scoped_lock lock(mutex_);
  stopping_ = true;
  changed_.notify_all();
}

}  // namespace orgsim
