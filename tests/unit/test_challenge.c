/* test_challenge.c - what registries ask for, and its hostile forms. */
#include "challenge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

static void
understood(void **state)
{
	static const struct {
		const char *header;
		bool is_bearer;
		const char *realm, *service, *scope;
	} cases[] = {
		{ "Bearer realm=\"https://a/t\",service=\"s\",scope=\"r:x:p\"",
		  true, "https://a/t", "s", "r:x:p" },
		{ "bearer  realm=https://a/t , scope=\"a,b c\"", true,
		  "https://a/t", "", "a,b c" },
		{ "Bearer realm=\"a\\\"b\\\\c\",error=\"x\",SERVICE=y", true,
		  "a\"b\\c", "y", "" },
		{ "Basic realm=\"Registry Realm\"", false, "Registry Realm",
		  "", "" },
		{ "Basic", false, "", "", "" },
		{ "Bearer realm=\"a\", Basic realm=\"b\"", true, "a", "", "" },
	};
	(void)state;
	for (size_t i = 0; i < countof(cases); i++) {
		auto_challenge struct challenge challenge = { 0 };
		assert_int_equal(challenge_parse(cases[i].header, &challenge),
				 0);
		assert_int_equal(challenge.is_bearer, cases[i].is_bearer);
		assert_string_equal(challenge.realm, cases[i].realm);
		assert_string_equal(challenge.service, cases[i].service);
		assert_string_equal(challenge.scope, cases[i].scope);
	}
}

static void
refused(void **state)
{
	static const char *const headers[] = {
		"", "Digest realm=\"x\"", "Bearer", "Bearer service=\"x\"",
		"Bearer realm=\"x", "Bearer realm=\"", "Bearerrealm=x",
		"Bearer realm=\"x\\", "Basic realm=\"x",
	};
	(void)state;
	for (size_t i = 0; i < countof(headers); i++) {
		struct challenge challenge;
		assert_int_equal(challenge_parse(headers[i], &challenge), -1);
		assert_null(challenge.realm);
		assert_int_equal(failure.code, EPROTO);
	}
}

/* Whatever comes, it ends, and nothing is read beyond it. */
static void
any_bytes(void **state)
{
	static const char alphabet[] = "Bearer Basic =\",\\\t realmscope";
	(void)state;
	srand(1);
	for (int i = 0; i < 20000; i++) {
		auto_challenge struct challenge challenge = { 0 };
		char header[40] = "Bearer ";
		size_t length = rand() % 30;
		for (size_t n = 0; n < length; n++)
			header[7 + n] = alphabet[rand() %
						 (sizeof(alphabet) - 1)];
		if (challenge_parse(header, &challenge) == 0)
			assert_true(*challenge.realm != '\0');
	}
}

static char *
answer(const char *header, const char *url, const char *user)
{
	auto_challenge struct challenge challenge = { 0 };
	struct http_server server = { .url = (char *)url };
	struct credentials credentials = { 0 };
	if (user) {
		credentials.user = copy_text(user);
		credentials.password = copy_text("p:w");
	}
	assert_int_equal(challenge_parse(header, &challenge), 0);
	char *made = challenge_answer(&challenge, &server, &credentials, "");
	credentials_free(&credentials);
	return made;
}

static void
passwords(void **state)
{
	(void)state;
	auto_free char *basic = answer("Basic realm=x", "http://h", "ali");
	assert_string_equal(basic, "Authorization: Basic YWxpOnA6dw==");
	assert_null(answer("Basic realm=x", "http://h", NULL));
	assert_int_equal(failure.code, EACCES);
	/* Never in the clear for who came by https. */
	assert_null(answer("Bearer realm=\"http://h/t\"", "https://h", "ali"));
	assert_non_null(strstr(failure.text, "in the clear"));
	assert_null(answer("Bearer realm=\"file:///t\"", "http://h", "ali"));
}

static void
base64(void **state)
{
	struct credentials credentials = { 0 };
	(void)state;
	assert_int_equal(credentials_parse_basic("YWxpOnA6dw==", &credentials),
			 0);
	assert_string_equal(credentials.user, "ali");
	assert_string_equal(credentials.password, "p:w");
	credentials_free(&credentials);
	static const char *const bad[] = { "", "?", "YWxp", "YWxpOnA6d",
					   "====" };
	for (size_t i = 0; i < countof(bad); i++)
		assert_int_equal(credentials_parse_basic(bad[i], &credentials),
				 -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understood),
		cmocka_unit_test(refused),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(passwords),
		cmocka_unit_test(base64),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
