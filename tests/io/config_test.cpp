#include "files.hpp"

#include <danaus/io/config.hpp>

using namespace danaus;
using namespace danaus::io;
using test::TemporaryFolder;

TEST_CASE("an ini file gives its keys in order, with values and comments", "[io]") {
  const Config config = Config::parse(
      "\xEF\xBB\xBF# settings of the paper\n"
      "; second line\n"
      "modes = 12\n"
      "\n"
      "# belongs to nothing\n"
      "\n"
      "  width=20   # channels\r\n"
      "out = \" runs/a;b #1 \" ; quoted\n"
      "data = a#b.h5\n"
      "empty =\n",
      "small.ini");
  REQUIRE(config.entries().size() == 5);
  CHECK(config.get("modes") == "12");
  CHECK(config.entries()[0].comment == "settings of the paper\nsecond line");
  CHECK(config.get("width") == "20");
  CHECK(config.entries()[1].comment == "channels");
  CHECK(config.get("out") == " runs/a;b #1 ");
  CHECK(config.get("data") == "a#b.h5");
  CHECK(config.get("empty") == "");
  CHECK_FALSE(config.get("layers"));
  CHECK(config.origin("width") == "small.ini:7");
  CHECK(config.origin("layers").empty());
}

TEST_CASE("what is written is read again", "[io]") {
  TemporaryFolder folder;
  Config config;
  config.set("model", "fno", "the layer\nof every block");
  config.set("unroll", "1:0.5,full:0.25");
  config.set("data", " a b;c# ", "where");
  config.set("model", "monarch-no");
  config.set("seed", "");
  config.set("gone", "1");
  config.erase("gone");
  config.write(folder / "config.ini");
  CHECK(read_file(folder / "config.ini") ==
        "# the layer\n# of every block\nmodel = monarch-no\nunroll = 1:0.5,full:0.25\n\n# where\n"
        "data = \" a b;c# \"\nseed = \n");
  const Config again = Config::read(folder / "config.ini");
  REQUIRE(again.entries().size() == config.entries().size());
  for (size_t i = 0; i < again.entries().size(); ++i) {
    CHECK(again.entries()[i].key == config.entries()[i].key);
    CHECK(again.entries()[i].value == config.entries()[i].value);
    CHECK(again.entries()[i].comment == config.entries()[i].comment);
  }
  CHECK_THROWS_AS(config.set("a key", "1"), InternalError);
  CHECK_THROWS_AS(config.set("key", "a\nb"), UsageError);
  CHECK_THROWS_AS(Config::read(folder / "absent.ini"), MissingInputError);
}

TEST_CASE("errors in an ini file name the line and what was expected", "[io]") {
  const auto message = [](const std::string& text) -> std::string {
    try {
      Config::parse(text, "a.ini");
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  };
  CHECK(message("modes = 12\nwidth 20\n") == "a.ini:2: expected key = value, found \"width 20\"");
  CHECK(message("[model]\n") ==
        "a.ini:1: expected key = value, found the section [model]; options have no sections");
  CHECK(message("a = 1\n\nb = 2\na = 3\n") == "a.ini:4: a is given twice, first in line 1");
  CHECK(message("= 3\n") == "a.ini:1: expected the name of an option before =, found \"\"");
  CHECK(message("a b = 3\n") == "a.ini:1: expected the name of an option before =, found \"a b\"");
  CHECK(message("a = \"b\n") == "a.ini:1: expected a value with one pair of quotes, found a = \"b");
  CHECK(message("a = \"b\" c\n") == "a.ini:1: expected a value with one pair of quotes, found a = \"b\" c");
  CHECK(message(std::string("a = \0\n", 6)) == "a.ini:1: expected text, found a binary file");
}
