import type { ArmRequest, JsonObject } from './arm';
import { isJsonObject } from './arm';
import { badRequest } from './values';

const MOST = 50;
const NAME_LONGEST = 512;
const VALUE_LONGEST = 256;
const NOT_IN_NAMES = /[<>%&\\?/]/;

/** The tags a request sets; none where it is silent. @throws ArmError 400 for what Resource Manager refuses */
export function tagsOf(request: ArmRequest, most = MOST): JsonObject {
  const tags = request.body?.['tags'] ?? {};
  if (!isJsonObject(tags)) throw badRequest('The tags are an object.', 'InvalidTags');
  const names = Object.keys(tags);
  if (names.length > most) {
    throw badRequest(
      `The resource has ${names.length} tags, and ${most} is the most it can have.`,
      'TooManyTags',
    );
  }
  for (const name of names) refuse(name, tags[name]);
  return tags;
}

function refuse(name: string, value: unknown): void {
  if (name.length > NAME_LONGEST || NOT_IN_NAMES.test(name)) {
    throw badRequest(
      `The tag name '${name.slice(0, 60)}' is not allowed: it has up to ${NAME_LONGEST} characters and none of <, >, %, &, \\, ?, /.`,
      'InvalidTagNameCharacters',
    );
  }
  if (typeof value !== 'string') throw badRequest(`The tag '${name}' is not text.`, 'InvalidTagValue');
  if (value.length > VALUE_LONGEST) {
    throw badRequest(
      `The value of the tag '${name}' has ${value.length} characters, and ${VALUE_LONGEST} is the most.`,
      'InvalidTagValueLength',
    );
  }
}
