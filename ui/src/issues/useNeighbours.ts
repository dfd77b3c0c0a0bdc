import { useInfiniteQuery } from "@tanstack/react-query";
import { issuePagesQuery } from "@/api/queries";
import { queryOf, useFilter } from "./filter";

/** The issues before and after one in the list that it was opened from. An issue that was acted on leaves the list: the place where it was is remembered. */
export function useNeighbours(id: number): { previous?: number; next?: number } {
  const { filter } = useFilter();
  const { data } = useInfiniteQuery({ ...issuePagesQuery(queryOf(filter)), refetchOnMount: false });
  const ids = data?.pages.flatMap((page) => page.issues.map((each) => each.id)) ?? [];
  // Newest first, by id.
  return { previous: ids.findLast((each) => each > id), next: ids.find((each) => each < id) };
}
