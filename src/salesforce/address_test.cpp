#include "salesforce/address.h"

#include <gtest/gtest.h>

namespace duet::salesforce {
namespace {

TEST(Address, reads_scheme_host_and_port) {
  EXPECT_EQ(parse_origin("HTTPS://Acme.My.Salesforce.com/path?x")->text(), "https://acme.my.salesforce.com");
  EXPECT_EQ(parse_origin("http://127.0.0.1:8080")->text(), "http://127.0.0.1:8080");
  EXPECT_EQ(parse_origin("https://[::1]:8443/")->text(), "https://[::1]:8443");
  EXPECT_EQ(parse_origin("https://a.example:443")->text(), "https://a.example");
}

TEST(Address, refuses_what_is_no_plain_web_address) {
  for (const char* url :
       {"", "acme.my.salesforce.com", "ftp://a.example", "https://", "https://user@a.example",
        "https://a.example:", "https://a.example:0", "https://a.example:70000", "https://a.example:8x",
        "https://a b.example", "https://a.example\\@b.example", "https://[::1", "file:///etc/passwd"}) {
    EXPECT_FALSE(parse_origin(url)) << url;
  }
}

TEST(Address, segment_flaw_10_only_salesforce_and_the_login_host_are_trusted) {
  Origin login = *parse_origin("https://login.salesforce.com");
  EXPECT_TRUE(trusted_instance("https://acme.my.salesforce.com", login));
  EXPECT_TRUE(trusted_instance("https://acme.lightning.force.com/", login));
  for (const char* url : {"http://acme.my.salesforce.com", "https://acme.my.salesforce.com.evil.example",
                          "https://evil.example/x.salesforce.com", "https://evilsalesforce.com", "https://127.0.0.1",
                          "http://localhost:80", "https://169.254.169.254/", "https://salesforce.com@evil.example"}) {
    EXPECT_FALSE(trusted_instance(url, login)) << url;
  }
}

TEST(Address, plain_http_stays_on_this_machine) {
  Origin loopback = *parse_origin("http://127.0.0.1:5000");
  EXPECT_TRUE(trusted_instance("http://127.0.0.1:5001", loopback));
  EXPECT_TRUE(trusted_instance("http://localhost:5001", loopback));
  EXPECT_FALSE(trusted_instance("http://192.168.0.7:5001", loopback));
  Origin own = *parse_origin("https://orgs.example.net:9443");
  EXPECT_TRUE(trusted_instance("https://orgs.example.net:9444", own));
  EXPECT_FALSE(trusted_instance("http://orgs.example.net:9443", own));
}

}  // namespace
}  // namespace duet::salesforce
