/// bench-event-reader ENDPOINT TOPIC COUNT TOKEN INSTANCE_URL ORG_ID: reads so many events of the topic from the
/// earliest on, over one plaintext Pub/Sub stream with 100 events asked for at a time, and prints
/// {"events":N,"bytes":B,"seconds":S}, timed from the first response to the last.

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdio>
#include <string>

#include "pubsub_api.grpc.pb.h"

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: bench-event-reader ENDPOINT TOPIC COUNT TOKEN INSTANCE_URL ORG_ID\n", stderr);
    return 2;
  }
  const long wanted = std::stol(argv[3]);
  const auto stub = eventbus::v1::PubSub::NewStub(grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.AddMetadata("accesstoken", argv[4]);
  context.AddMetadata("instanceurl", argv[5]);
  context.AddMetadata("tenantid", argv[6]);
  const auto stream = stub->Subscribe(&context);
  eventbus::v1::FetchRequest request;
  request.set_topic_name(argv[2]);
  request.set_replay_preset(eventbus::v1::ReplayPreset::EARLIEST);
  request.set_num_requested(100);
  bool open = stream->Write(request);
  eventbus::v1::FetchRequest again;
  eventbus::v1::FetchResponse response;
  long events = 0;
  std::size_t bytes = 0;
  auto first = std::chrono::steady_clock::now();
  while (open && events < wanted && stream->Read(&response)) {
    if (response.events_size() == 0) continue;
    if (events == 0) first = std::chrono::steady_clock::now();
    for (const auto& one : response.events()) bytes += one.event().payload().size();
    events += response.events_size();
    again.set_num_requested(response.events_size());
    open = stream->Write(again);
  }
  const double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - first).count();
  context.TryCancel();
  if (events < wanted) {
    const auto status = stream->Finish();
    std::fprintf(stderr, "bench-event-reader: %ld of %ld events, then: %s\n", events, wanted,
                 status.error_message().c_str());
    return 1;
  }
  std::printf(R"({"events":%ld,"bytes":%zu,"seconds":%.3f})"
              "\n",
              events, bytes, took);
  return 0;
}
