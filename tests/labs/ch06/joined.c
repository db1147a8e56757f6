/* joined.c TEXT - the instructions of a Dockerfile, each as one line. */
#include "dockerfile.h"
#include "stop.h"

int
main(int argc, char **argv)
{
	auto_dockerfile struct dockerfile file = { 0 };
	must(argc == 2);
	int result = dockerfile_parse("Dockerfile", argv[1], strlen(argv[1]),
				      &file);
	stop("parsed", "warnings=%zu %s", file.warnings.count, RESULT(result));
	must(file.stage_count == 1);
	const struct build_stage *stage = &file.stages[0];
	for (size_t i = 0; i < stage->instruction_count; i++) {
		const struct instruction *it = &stage->instructions[i];
		stop("instruction", "first=%u last=%u text=%s", it->line,
		     it->last_line, it->code);
	}
	stop("over", "count=%zu", stage->instruction_count);
	return 0;
}
